/** The content of a database as plain data: what `fingerprint` reads and `compare` compares. */

/** Per table: rows, one order-independent checksum per column, one over whole rows (columns in order of name). */
export interface TableData {
  /** `schema.table`, quoted where needed. */
  readonly table: string;
  readonly rows: number;
  readonly columns: Readonly<Record<string, string>>;
  readonly rowsChecksum: string;
}

export interface DataFingerprint {
  readonly tables: ReadonlyMap<string, TableData>;
  /** `schema.sequence` → last value and whether it was called; identity sequences too. See `sequencePosition`. */
  readonly sequences: ReadonlyMap<string, string>;
}

/** Rows or values that are not as they were. `column` is `*` where whole rows are concerned. */
export interface DataLoss {
  readonly table: string;
  readonly column: string;
  readonly rows: number;
}

export interface SequencePosition {
  readonly lastValue: bigint;
  /** False: `lastValue` itself is what `nextval` gives next. */
  readonly called: boolean;
  /** Whether it counts down. */
  readonly descending: boolean;
}

/** The text under which a `DataFingerprint` keeps a sequence: `41`; `1 uncalled` where nextval was never called. */
export function sequenceText(position: SequencePosition): string {
  const { lastValue, called, descending } = position;
  return `${lastValue}${called ? '' : ' uncalled'}${descending ? ' descending' : ''}`;
}

export function sequencePosition(text: string): SequencePosition {
  const [value = '0', ...words] = text.split(' ');
  return {
    lastValue: BigInt(value),
    called: !words.includes('uncalled'),
    descending: words.includes('descending'),
  };
}
