/**
 * Parse and Describe of the extended protocol without Bind and Execute (PostgreSQL manual, 54.2.3): what a statement
 * takes and gives, told by the server, with nothing run. node-postgres has no call for it; this is what it submits.
 */
import type pg from 'pg';
import type { DescribeRequest, Description } from './connection.ts';

interface FieldMessage {
  readonly name: string;
  readonly dataTypeID: number;
  readonly dataTypeModifier: number;
}

/** The part of node-postgres' protocol connection that is used here. */
interface Wire {
  parse(query: { text: string; name: string; types: readonly number[] }): void;
  describe(message: { type: 'S'; name: string }): void;
  sync(): void;
  once(event: 'parameterDescription', listener: (message: { dataTypeIDs: readonly number[] }) => void): void;
  removeAllListeners(event: 'parameterDescription'): void;
}

/** One Describe on its way: `done` tells how it ended. */
export class DescribeQuery {
  readonly #request: DescribeRequest;
  readonly done: Promise<Description>;
  #resolve: (description: Description) => void = () => {};
  #reject: (error: unknown) => void = () => {};
  #wire: Wire | null = null;
  #parameters: readonly number[] = [];
  #columns: Description['columns'] = null;

  constructor(request: DescribeRequest) {
    this.#request = request;
    this.done = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  submit(connection: pg.Connection): void {
    const wire = connection as unknown as Wire;
    this.#wire = wire;
    const { sql, name = '', parameters = [] } = this.#request;
    wire.once('parameterDescription', ({ dataTypeIDs }) => {
      this.#parameters = dataTypeIDs;
    });
    if (sql !== undefined) wire.parse({ text: sql, name, types: parameters });
    wire.describe({ type: 'S', name });
    wire.sync();
  }

  handleRowDescription({ fields }: { readonly fields: readonly FieldMessage[] }): void {
    this.#columns = fields.map(({ name, dataTypeID, dataTypeModifier }) => ({
      name,
      type: dataTypeID,
      modifier: dataTypeModifier,
    }));
  }

  handleReadyForQuery(): void {
    this.#wire?.removeAllListeners('parameterDescription');
    this.#resolve({ parameters: this.#parameters, columns: this.#columns });
  }

  handleError(error: unknown): void {
    this.#wire?.removeAllListeners('parameterDescription');
    this.#reject(error);
  }

  // What node-postgres may call on any query; a Describe gets none of these.
  handleDataRow(): void {}
  handlePortalSuspended(): void {}
  handleEmptyQuery(): void {}
  handleCommandComplete(): void {}
  handleCopyInResponse(): void {}
  handleCopyData(): void {}
}
