/**
 * The one door to libpg-query (PostgreSQL 18's own grammar as WASM): loaded at the first use, so that commands that
 * read no SQL stay quick.
 */
type LibPgQuery = typeof import('libpg-query');

export interface RawStatement {
  readonly stmt?: Readonly<Record<string, unknown>>;
  /** UTF-8 bytes; absent means 0, and for the length: to the end. */
  readonly stmt_location?: number;
  readonly stmt_len?: number;
}

/** What the grammar found wrong: PostgreSQL's own message. */
export interface GrammarError {
  readonly message: string;
  /** In characters from 0; null where the grammar names no place. */
  readonly position: number | null;
}

export type GrammarResult =
  | { readonly ok: true; readonly statements: readonly RawStatement[] }
  | { readonly ok: false; readonly error: GrammarError };

let loaded: Promise<LibPgQuery> | null = null;
let ready: LibPgQuery | null = null;

async function load(): Promise<LibPgQuery> {
  loaded ??= import('libpg-query').then(async (library) => {
    await library.loadModule();
    ready = library;
    return library;
  });
  return loaded;
}

/** Parses any number of statements. Throws only what is no fault of the text. */
export async function parseGrammar(text: string): Promise<GrammarResult> {
  return parseWith(await load(), text);
}

/** As `parseGrammar`, for text inside of what has been parsed already: the grammar is there. Null where it is not. */
export function parseInner(text: string): GrammarResult | null {
  return ready === null ? null : parseWith(ready, text);
}

function parseWith(library: LibPgQuery, text: string): GrammarResult {
  if (text === '') return { ok: true, statements: [] };
  try {
    const result = library.parseSync(text) as unknown as { readonly stmts?: readonly RawStatement[] };
    return { ok: true, statements: result.stmts ?? [] };
  } catch (error) {
    if (library.hasSqlDetails(error)) {
      const details = error.sqlDetails;
      // The binding turns "no position" into 0 too, which is also a place: only an error of the scanner or the grammar
      // has one there.
      const placed =
        details !== undefined && (details.cursorPosition > 0 || details.functionName === 'scanner_yyerror');
      return {
        ok: false,
        error: { message: error.message, position: placed ? details.cursorPosition : null },
      };
    }
    if (error instanceof RangeError) {
      return {
        ok: false,
        error: { message: 'stack depth limit exceeded: an expression is nested too deeply', position: null },
      };
    }
    throw error;
  }
}

/**
 * The tree of a PL/pgSQL function, from its whole CREATE FUNCTION statement; null where the text alone is not enough (a
 * variable of a type that only the database knows, say) or wrong.
 */
export async function parsePlpgsql(definition: string): Promise<unknown> {
  const library = await load();
  try {
    return library.parsePlPgSQLSync(definition);
  } catch {
    return null;
  }
}
