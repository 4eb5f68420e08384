import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type LoadOptions, loadSettings } from '../../src/config/load.ts';
import { FerrataError } from '../../src/errors.ts';

let cwd: string;

beforeEach(async () => {
  cwd = await realpath(await mkdtemp(join(tmpdir(), 'ferrata-config-')));
  // The search for a configuration ends at a repository's root.
  await mkdir(join(cwd, '.git'));
});

afterEach(async () => {
  await rm(cwd, { recursive: true, force: true });
});

const load = (options: Partial<LoadOptions> = {}) => loadSettings({ cwd, processEnv: {}, ...options });

async function refusal(options: Partial<LoadOptions> = {}): Promise<FerrataError> {
  const error: unknown = await load(options).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(FerrataError);
  return error as FerrataError;
}

const write = (name: string, text: string) => writeFile(join(cwd, name), text);

describe('without a configuration file', () => {
  it('uses the embedded server and the policy of development', async () => {
    const settings = await load();
    expect(settings).toMatchObject({
      root: cwd,
      configFile: null,
      migrations: join(cwd, 'migrations'),
      directory: join(cwd, '.ferrata'),
      environment: {
        name: 'development',
        url: null,
        policy: { proof: 'auto', backup: 'off', allowForce: true },
      },
      environments: ['development'],
    });
    expect(Object.isFrozen(settings.environment.policy.rollbackWindowHours)).toBe(true);
  });

  it('takes DATABASE_URL, and --url before it', async () => {
    const processEnv = { DATABASE_URL: 'postgres://a/b' };
    expect((await load({ processEnv })).environment.url).toBe('postgres://a/b');
    expect((await load({ processEnv, url: 'postgres://c/d' })).environment.url).toBe('postgres://c/d');
    expect((await load({ processEnv, env: 'production' })).environment).toMatchObject({
      name: 'production',
      url: 'postgres://a/b',
      policy: {
        proof: 'required',
        proofData: 'synthetic',
        proofOtherMajor: false,
        backup: 'required',
        allowForce: false,
        scratchOnServer: false,
        onVerifyFailure: 'rollback',
        statementTimeoutMs: 3_600_000,
        lockTimeoutMs: 250,
        rollbackWindowHours: { low: 24, medium: 72, high: 168, critical: 336 },
      },
    });
  });

  it('gives an unknown name the policy of production', async () => {
    const processEnv = { DATABASE_URL: 'postgres://a/b' };
    const [unknown, production] = await Promise.all([
      load({ processEnv, env: 'prodcution' }),
      load({ processEnv, env: 'production' }),
    ]);
    expect(unknown.environment.policy).toEqual(production.environment.policy);
  });

  it('never falls back to the embedded server for anything but development', async () => {
    const error = await refusal({ env: 'production' });
    expect(error.code).toBe('config-invalid');
    expect(error.message).toContain('production has no URL');
    expect((await load({ env: 'staging', url: 'embedded' })).environment.url).toBeNull();
  });
});

const YAML = `
migrations: db/migrations
directory: .f
environments:
  development: embedded
  staging:
    url: env:STAGING_URL
    policy: { backup: 'off', rollbackWindowHours: { low: 1 } }
  production:
    url: postgres://app:\${PASSWORD}@db/shop
`;

describe('a configuration file', () => {
  it('gives folders, environments, variables and policies', async () => {
    await write('ferrata.config.yaml', YAML);
    const settings = await load({ env: 'staging', processEnv: { STAGING_URL: 'postgres://s/x' } });
    expect(settings).toMatchObject({
      configFile: join(cwd, 'ferrata.config.yaml'),
      migrations: join(cwd, 'db/migrations'),
      directory: join(cwd, '.f'),
      environments: ['development', 'staging', 'production'],
      environment: {
        name: 'staging',
        url: 'postgres://s/x',
        policy: { backup: 'off', proof: 'required', rollbackWindowHours: { low: 1, high: 168 } },
      },
    });
    const production = await load({ env: 'production', processEnv: { PASSWORD: 'x' } });
    expect(production.environment.url).toBe('postgres://app:x@db/shop');
    expect((await load()).environment).toMatchObject({ name: 'development', url: null });
    // A variable is asked for only when its environment is used.
    const missing = await refusal({ env: 'production' });
    expect(missing.message).toContain('environments.production.url needs the environment variable PASSWORD');
  });

  it.each([
    ['ferrata.config.json', '{ "environments": { "test": "postgres://t/t" } }'],
    ['ferrata.config.mjs', "export default { environments: { test: 'postgres://t/t' } };"],
    ['ferrata.config.mjs', "export default async () => ({ environments: { test: 'postgres://t/t' } });"],
    [
      'ferrata.config.ts',
      "const url: string = 'postgres://t/t';\nexport default { environments: { test: { url } } };",
    ],
    ['ferrata.config.yml', 'environments: { test: "postgres://t/t" }'],
  ])('is read from %s', async (name, text) => {
    await write(name, text);
    expect((await load({ env: 'test' })).environment.url).toBe('postgres://t/t');
    // With one environment alone there is nothing to choose.
    expect((await load()).environment.name).toBe('test');
  });

  it('is found in a folder above, and its paths are relative to it', async () => {
    await write('ferrata.config.json', '{ "migrations": "m" }');
    await mkdir(join(cwd, 'a/b'), { recursive: true });
    expect(await load({ cwd: join(cwd, 'a/b') })).toMatchObject({ root: cwd, migrations: join(cwd, 'm') });
  });

  it('is chosen by --config, and must then be there', async () => {
    await mkdir(join(cwd, 'conf'));
    await write('conf/other.json', '{ "migrations": "m" }');
    expect((await load({ config: 'conf/other.json' })).migrations).toBe(join(cwd, 'conf/m'));
    expect((await refusal({ config: 'nowhere.json' })).code).toBe('config-unreadable');
  });

  it('must be the only one in its folder', async () => {
    await write('ferrata.config.json', '{}');
    await write('ferrata.config.yaml', '{}');
    expect((await refusal()).message).toContain('ferrata.config.json, ferrata.config.yaml');
  });
});

describe('an invalid configuration', () => {
  it.each([
    ['{ "migratons": "m" }', 'migratons is not a known key; did you mean migrations?', 'environments'],
    [
      '{ "environments": { "a": { "policy": { "proof": "requird" } } } }',
      'environments.a.policy.proof is "requird"; did you mean required?',
      'required, auto, off',
    ],
    [
      '{ "environments": { "a": { "policy": { "lockTimeout": 5 } } } }',
      'environments.a.policy.lockTimeout is not a known key; did you mean environments.a.policy.lockTimeoutMs?',
      'scratchUrl',
    ],
    [
      '{ "environments": { "a": { "policy": { "retries": -1 } } } }',
      'environments.a.policy.retries is -1',
      '0',
    ],
    [
      '{ "environments": { "a": { "policy": { "verify": true } } } }',
      'environments.a.policy.verify is true',
      'on, off',
    ],
    ['{ "environments": { "a": { "url": 5 } } }', 'environments.a.url is 5', 'text'],
    ['[]', 'the configuration is a list', 'group of keys'],
  ])('%s names the key, what was given and what is allowed', async (text, message, allowed) => {
    await write('ferrata.config.json', text);
    const error = await refusal();
    expect(error).toMatchObject({ code: 'config-invalid', exitCode: 2 });
    expect(error.message).toContain(message);
    expect(error.details.hint).toContain(allowed);
  });

  it('never shows a URL', async () => {
    await write(
      'ferrata.config.yaml',
      'environments: { a: { url: ["postgres://u:hunter22@h/d"], x: 1 }, b: [1] }',
    );
    const error = await refusal();
    expect(JSON.stringify([error.message, error.details])).not.toContain('hunter22');
    await write('ferrata.config.yaml', 'migrations: "postgres://u:hunter22@h/d"\ndirectory: [\n');
    expect(JSON.stringify(await refusal())).not.toContain('hunter22');
    await write('ferrata.config.yaml', 'defaultEnvironment: [postgres://u:hunter22@h/d]');
    expect(JSON.stringify(await refusal())).not.toContain('hunter22');
  });

  it('says where the syntax breaks', async () => {
    await write('ferrata.config.json', '{\n  "migrations": "m",\n}');
    expect((await refusal()).details.location).toMatchObject({ line: 3, column: 1 });
    await rm(join(cwd, 'ferrata.config.json'));
    await write('ferrata.config.yaml', 'a: 1\na: 2\n');
    expect((await refusal()).details.location).toMatchObject({ line: 2 });
  });

  it('names an environment that is not there', async () => {
    await write('ferrata.config.yaml', YAML);
    const error = await refusal({ env: 'stagin' });
    expect(error.code).toBe('environment-unknown');
    expect(error.message).toContain('did you mean staging?');
    await write('ferrata.config.yaml', `${YAML}\ndefaultEnvironment: prod`);
    expect((await refusal()).code).toBe('environment-unknown');
  });
});
