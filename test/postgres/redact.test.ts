import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { redact, registerSecret } from '../../src/postgres/redact.ts';

/** Long enough that it does not stand in the text around it by chance; no blank, quote or angle bracket, which end a URL. */
const secret = fc
  .string({ minLength: 8, maxLength: 30, unit: 'grapheme-ascii' })
  .filter((text) => !/[\s'"`<>*]/.test(text));
const words = fc.string({ maxLength: 20, unit: 'grapheme-ascii' }).filter((text) => !/['"]/.test(text));

describe('redact', () => {
  it('never lets the password of a URL through, whatever stands around it', () => {
    fc.assert(
      fc.property(
        secret,
        words,
        words,
        fc.constantFrom('postgres', 'postgresql', 'mysql'),
        (password, before, after, scheme) => {
          for (const form of [password, encodeURIComponent(password)]) {
            const text = redact(`${before} ${scheme}://user:${form}@host:5432/db ${after}`);
            expect(text).toContain(`${scheme}://user:***@`);
            expect(text.replace(before, '').replace(after, '')).not.toContain(form);
          }
        },
      ),
    );
  });

  it('never lets a password pair through', () => {
    fc.assert(
      fc.property(
        secret.filter((text) => !/[&;,\\]/.test(text)),
        fc.constantFrom(
          'password=',
          'PGPASSWORD=',
          'password: ',
          'sslpassword=',
          '?user=a&password=',
          "passwd = '",
        ),
        (password, key) => {
          expect(redact(`x ${key}${password}${key.endsWith("'") ? "'" : ''} y`)).not.toContain(password);
        },
      ),
    );
  });

  it('never lets a registered secret through, plain or percent-encoded', () => {
    fc.assert(
      fc.property(secret, words, words, (password, before, after) => {
        registerSecret(password);
        const text = redact(`${before} ${password} ${encodeURIComponent(password)} ${after}`);
        expect(text).not.toContain(password);
        expect(text).not.toContain(encodeURIComponent(password));
      }),
    );
  });

  it('hides the password in SQL and leaves what is no secret alone', () => {
    expect(redact("ALTER ROLE a PASSWORD 'it''s' VALID")).toBe('ALTER ROLE a PASSWORD *** VALID');
    expect(redact('password authentication failed for user "postgres"')).toBe(
      'password authentication failed for user "postgres"',
    );
    expect(redact('see https://example.org/a:b and mail me@example.org')).toBe(
      'see https://example.org/a:b and mail me@example.org',
    );
    expect(redact('127.0.0.1:5432/shop')).toBe('127.0.0.1:5432/shop');
  });

  it('does not mask a password that is the user name, nor very short ones, everywhere', () => {
    registerSecret('shop_app', ['shop_app']);
    registerSecret('a');
    expect(redact('a role shop_app')).toBe('a role shop_app');
    expect(redact('postgres://shop_app:shop_app@h/d')).toBe('postgres://shop_app:***@h/d');
  });
});
