/** What a page of the manual's command reference is to this test. */

/** One statement form of a page's Examples section, in words of our own. */
export interface Example {
  readonly name: string;
  /** What is there before, with a few rows. */
  readonly schema?: string;
  readonly up: string;
  /** The first major that knows the form; all that are supported, if missing. */
  readonly since?: number;
  /** The last major that does. */
  readonly until?: number;
  /** 2 (schema and rows), if missing. 1 where no row can be had: `why` says so. */
  readonly level?: 1;
  /** Anything but `proved`, with the code that says it and the reason; see docs/catalog.md, "What is refused". */
  readonly expect?: Exception;
  /** The statement changes neither the schema nor rows: there is nothing to go back over. */
  readonly harmless?: true;
  readonly why?: string;
  /** What is known to be found wrongly: the test must fail until it is mended and this is taken out. */
  readonly open?: string;
}

/** What a rehearsal says where it does not prove. */
export interface Exception {
  readonly outcome: 'refuted' | 'failed';
  /** Error code of the proof; null where differences or losses alone say it. */
  readonly code: string | null;
  /** Part of the message that a user reads. */
  readonly message: RegExp;
}

export interface Page {
  /** As in the manual: `ALTER TABLE`. */
  readonly page: string;
  readonly examples: readonly Example[];
}
