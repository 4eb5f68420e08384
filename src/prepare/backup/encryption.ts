/**
 * Encryption of backup files: AES-256-GCM in chunks, so that a file of any size is authenticated piece by piece while
 * it streams, and nothing unauthenticated is ever handed on. The construction is STREAM (Hoang, Reyhanitabar, Rogaway,
 * Vizár 2015): the nonce is the chunk's number and whether it is the last one, so that chunks can be neither changed,
 * swapped nor cut off. Every file has a key of its own, derived from the backup's key and the file's name.
 */
import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  hkdfSync,
  randomBytes,
  scryptSync,
  timingSafeEqual,
} from 'node:crypto';
import { Transform } from 'node:stream';
import { FerrataError } from '../../errors.ts';
import { registerSecret } from '../../postgres/redact.ts';

export const KEY_VARIABLE = 'FERRATA_BACKUP_KEY';

const MAGIC = Buffer.from('FERRATA\x01', 'latin1');
const SALT_BYTES = 16;
const CHUNK_BYTES = 64 * 1024;
const TAG_BYTES = 16;
const SHORTEST_PASSPHRASE = 12;
/** 32 MiB and about 0.1 s (RFC 7914; OWASP's lowest recommendation is 2^17 for logins, this key also has a length floor). */
const SCRYPT = { N: 2 ** 16, r: 8, p: 1, maxmem: 256 * 1024 * 1024 } as const;

/** What the manifest keeps, so that the right key can be told from a wrong one. */
export interface EncryptionParameters {
  readonly cipher: 'aes-256-gcm';
  readonly derivation: 'raw' | 'scrypt';
  /** Hex. */
  readonly salt: string;
  /** Hex; depends on the key and the salt alone. */
  readonly check: string;
}

/** A backup's key, derived from what the user gave. */
export class BackupKey {
  readonly parameters: EncryptionParameters;
  readonly #master: Buffer;

  private constructor(master: Buffer, parameters: EncryptionParameters) {
    this.#master = master;
    this.parameters = parameters;
  }

  /**
   * For a new backup. `secret`: 32 bytes in hex or base64, or a passphrase of at least 12 characters.
   * Throws `backup-key`.
   */
  static create(secret: string): BackupKey {
    const salt = randomBytes(SALT_BYTES);
    const { master, derivation } = derive(secret, salt);
    return new BackupKey(master, {
      cipher: 'aes-256-gcm',
      derivation,
      salt: salt.toString('hex'),
      check: checkOf(master).toString('hex'),
    });
  }

  /** For an existing backup. Throws `backup-key` when it is not the key that the backup was made with. */
  static open(secret: string | null, parameters: EncryptionParameters, backup: string): BackupKey {
    if (secret === null || secret === '') {
      throw new FerrataError('backup-key', `The backup ${backup} is encrypted and no key was given`, {
        hint: `Set ${KEY_VARIABLE} to the key that it was made with.`,
      });
    }
    const { master } = derive(secret, Buffer.from(parameters.salt, 'hex'));
    const expected = Buffer.from(parameters.check, 'hex');
    const actual = checkOf(master);
    if (expected.length !== actual.length || !timingSafeEqual(expected, actual)) {
      throw new FerrataError('backup-key', `The key does not open the backup ${backup}`, {
        why: 'The backup was made with another key.',
        hint: `Set ${KEY_VARIABLE} to the key that it was made with.`,
      });
    }
    return new BackupKey(master, parameters);
  }

  /** Encrypts; `file` is the file's name inside the backup, so that files can't be swapped. */
  encrypt(file: string): Transform {
    return new Encryption(this.#master, file);
  }

  /** Decrypts; fails with `backup-corrupt` at the first chunk that is not what was written. */
  decrypt(file: string): Transform {
    return new Decryption(this.#master, file);
  }

  /**
   * A keyed digest. A plain checksum of a column would tell whoever reads the manifest whether a guess of its content
   * is right.
   */
  seal(text: string): string {
    return createHmac('sha256', this.#master).update('seal\0').update(text).digest('hex');
  }
}

function derive(secret: string, salt: Buffer): { master: Buffer; derivation: 'raw' | 'scrypt' } {
  registerSecret(secret);
  const trimmed = secret.trim();
  const raw = rawKey(trimmed);
  if (raw !== null) {
    return { master: Buffer.from(hkdfSync('sha256', raw, salt, 'ferrata backup', 32)), derivation: 'raw' };
  }
  if (trimmed.length < SHORTEST_PASSPHRASE) {
    throw new FerrataError('backup-key', `The backup key is too short`, {
      why: `A passphrase needs at least ${SHORTEST_PASSPHRASE} characters.`,
      hint: `Set ${KEY_VARIABLE} to 32 random bytes in hex, for example the output of: openssl rand -hex 32`,
    });
  }
  return { master: scryptSync(trimmed.normalize('NFC'), salt, 32, SCRYPT), derivation: 'scrypt' };
}

function rawKey(text: string): Buffer | null {
  if (/^[0-9a-f]{64}$/i.test(text)) return Buffer.from(text, 'hex');
  if (/^[A-Za-z0-9+/_-]{43}=?$/.test(text)) {
    const bytes = Buffer.from(text, 'base64');
    if (bytes.length === 32) return bytes;
  }
  return null;
}

function checkOf(master: Buffer): Buffer {
  return createHmac('sha256', master).update('ferrata key check').digest().subarray(0, 16);
}

function fileKey(master: Buffer, salt: Buffer, file: string): Buffer {
  return Buffer.from(hkdfSync('sha256', master, salt, `file\0${file}`, 32));
}

function nonce(counter: number, last: boolean): Buffer {
  const bytes = Buffer.alloc(12);
  bytes.writeUInt32BE(Math.floor(counter / 2 ** 32), 3);
  bytes.writeUInt32BE(counter >>> 0, 7);
  bytes[11] = last ? 1 : 0;
  return bytes;
}

class Encryption extends Transform {
  readonly #key: Buffer;
  #waiting: Buffer[] = [];
  #size = 0;
  #counter = 0;

  constructor(master: Buffer, file: string) {
    super();
    const salt = randomBytes(SALT_BYTES);
    this.#key = fileKey(master, salt, file);
    this.push(Buffer.concat([MAGIC, salt]));
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.#waiting.push(chunk);
    this.#size += chunk.length;
    if (this.#size > CHUNK_BYTES) {
      let all = Buffer.concat(this.#waiting);
      // A full chunk stays back until it is known not to be the last one.
      while (all.length > CHUNK_BYTES) {
        this.#seal(all.subarray(0, CHUNK_BYTES), false);
        all = all.subarray(CHUNK_BYTES);
      }
      this.#waiting = [all];
      this.#size = all.length;
    }
    done();
  }

  override _flush(done: () => void): void {
    this.#seal(Buffer.concat(this.#waiting), true);
    done();
  }

  #seal(plain: Buffer, last: boolean): void {
    const cipher = createCipheriv('aes-256-gcm', this.#key, nonce(this.#counter++, last));
    this.push(Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()]));
  }
}

class Decryption extends Transform {
  readonly #master: Buffer;
  readonly #file: string;
  #key: Buffer | null = null;
  #waiting: Buffer[] = [];
  #size = 0;
  #counter = 0;

  constructor(master: Buffer, file: string) {
    super();
    this.#master = master;
    this.#file = file;
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error) => void): void {
    this.#waiting.push(chunk);
    this.#size += chunk.length;
    if (this.#size <= CHUNK_BYTES + TAG_BYTES + MAGIC.length + SALT_BYTES) {
      done();
      return;
    }
    try {
      let all = this.#header(Buffer.concat(this.#waiting));
      while (all.length > CHUNK_BYTES + TAG_BYTES) {
        this.#open(all.subarray(0, CHUNK_BYTES + TAG_BYTES), false);
        all = all.subarray(CHUNK_BYTES + TAG_BYTES);
      }
      this.#waiting = [all];
      this.#size = all.length;
      done();
    } catch (error) {
      done(error as Error);
    }
  }

  override _flush(done: (error?: Error) => void): void {
    try {
      this.#open(this.#header(Buffer.concat(this.#waiting)), true);
      done();
    } catch (error) {
      done(error as Error);
    }
  }

  #header(all: Buffer): Buffer {
    if (this.#key !== null) return all;
    const length = MAGIC.length + SALT_BYTES;
    if (all.length < length || !all.subarray(0, MAGIC.length).equals(MAGIC)) throw corrupt(this.#file);
    this.#key = fileKey(this.#master, all.subarray(MAGIC.length, length), this.#file);
    return all.subarray(length);
  }

  #open(sealed: Buffer, last: boolean): void {
    if (this.#key === null || sealed.length < TAG_BYTES) throw corrupt(this.#file);
    const decipher = createDecipheriv('aes-256-gcm', this.#key, nonce(this.#counter++, last));
    decipher.setAuthTag(sealed.subarray(sealed.length - TAG_BYTES));
    let plain: Buffer;
    try {
      plain = Buffer.concat([
        decipher.update(sealed.subarray(0, sealed.length - TAG_BYTES)),
        decipher.final(),
      ]);
    } catch {
      throw corrupt(this.#file);
    }
    if (plain.length > 0) this.push(plain);
  }
}

function corrupt(file: string): FerrataError {
  return new FerrataError('backup-corrupt', `The backup file ${file} is not what was written`, {
    why: 'A piece of it does not match its authentication tag: it was changed, cut off or moved.',
    hint: 'Use another backup, or a copy of this one.',
  });
}
