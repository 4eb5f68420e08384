/**
 * Takes secrets out of text before anybody sees it (DESIGN §4.9): passwords inside connection URLs, `password=` pairs
 * and SQL's `PASSWORD '…'`, and every secret that a connector has registered.
 */

const MASK = '***';
const SHORTEST_SECRET = 5;

const known = new Set<string>();

/**
 * Remembers a secret so that `redact` removes it wherever it stands, in its plain and in its percent-encoded form.
 * Very short secrets, and those in `publicWords` (a password that equals the user or database name), are not
 * remembered: masking them everywhere would make messages unreadable, and the structural rules still hide them where
 * they stand as passwords.
 */
export function registerSecret(secret: string | null | undefined, publicWords: readonly string[] = []): void {
  if (secret === null || secret === undefined || secret.length < SHORTEST_SECRET) return;
  if (publicWords.includes(secret) || secret === 'postgres' || secret === 'password') return;
  known.add(secret);
  known.add(encodeURIComponent(secret));
  known.add(encodeURI(secret));
}

/** As `redact`, for text whose own words may look like secrets (SQL): only those that a connector has registered. */
export function redactKnown(text: string): string {
  let result = text;
  // Longest first: a secret may contain another.
  for (const secret of [...known].sort((a, b) => b.length - a.length)) {
    if (result.includes(secret)) result = result.replaceAll(secret, MASK);
  }
  return result;
}

/** The text without secrets. Never throws; text without secrets comes back unchanged. */
export function redact(text: string): string {
  return (
    redactKnown(text)
      // scheme://user:password@host. The password may hold an unescaped '@' or '/': up to the last '@' of the word.
      .replace(/([a-z][a-z0-9+.-]*:\/\/)([^\s:@/?#'"`<>]*):([^\s'"`<>]*)@/gi, `$1$2:${MASK}@`)
      // password=…, password: …, PGPASSWORD=…; libpq pairs and query parameters, quoted or bare.
      .replace(
        /((?:pg|ssl)?passw(?:or)?d["']?\s*[=:]\s*)('(?:[^'\\]|\\.|'')*'|"(?:[^"\\]|\\.)*"|[^\s&'",;]+)/gi,
        `$1${MASK}`,
      )
      // ALTER ROLE … PASSWORD '…'
      .replace(/(\bpassword\s+)(E?'(?:[^'\\]|\\.|'')*')/gi, `$1${MASK}`)
  );
}
