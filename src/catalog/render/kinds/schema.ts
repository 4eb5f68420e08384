/** Schemas and extensions (manual, CREATE SCHEMA, CREATE EXTENSION). */
import { quoteLiteral } from '../../../sql/quote.ts';
import type { CatalogObject, ExtensionProperties, SchemaProperties } from '../../model.ts';
import type { KindRenderer } from '../context.ts';
import { CannotRender, make, propertiesOf } from '../context.ts';
import { commentChange, commentOn, ownedAfterCreate, ownedChanges, role } from '../owned.ts';
import { RANK } from '../ranks.ts';

function target(object: CatalogObject): { named: string; grantee: string } {
  return { named: `SCHEMA ${object.identity}`, grantee: `SCHEMA ${object.identity}` };
}

export const schema: KindRenderer = {
  rank: RANK.schema,
  create(object, context) {
    const wanted = propertiesOf<SchemaProperties>(object);
    return [
      make([
        `CREATE SCHEMA ${object.identity}`,
        ...ownedAfterCreate(object, wanted, target(object), context),
      ]),
    ];
  },
  drop: (object) => [{ sql: `DROP SCHEMA ${object.identity}` }],
  alter(before, after) {
    const had = propertiesOf<SchemaProperties>(before);
    const wanted = propertiesOf<SchemaProperties>(after);
    return [make(ownedChanges(had, wanted, target(after)))];
  },
  rename: (_object, current, name) => `ALTER SCHEMA ${current} RENAME TO ${name}`,
};

/** Without one the server takes the version that it has: of a schema of another major it may not have the same. */
function versionClause({ version }: ExtensionProperties): string {
  return version === null ? '' : ` VERSION ${quoteLiteral(version)}`;
}

/** Whether the version comes before the other, by the numbers in both. */
function isOlder(version: string, other: string): boolean {
  const [left, right] = [version, other].map((one) => (one.match(/\d+/g) ?? []).map(Number));
  for (const [index, number] of (left ?? []).entries()) {
    const counterpart = right?.[index] ?? 0;
    if (number !== counterpart) return number < counterpart;
  }
  return (left?.length ?? 0) < (right?.length ?? 0);
}

export const extension: KindRenderer = {
  rank: RANK.extension,
  create(object) {
    const wanted = propertiesOf<ExtensionProperties>(object);
    return [
      make([
        `CREATE EXTENSION ${object.identity} WITH SCHEMA ${role(wanted.schema)}${versionClause(wanted)}`,
        // CREATE EXTENSION takes a comment from the control file.
        commentOn(`EXTENSION ${object.identity}`, wanted.comment),
      ]),
    ];
  },
  drop: (object) => [{ sql: `DROP EXTENSION ${object.identity}` }],
  alter(before, after, context) {
    const had = propertiesOf<ExtensionProperties>(before);
    const wanted = propertiesOf<ExtensionProperties>(after);
    const drafts: string[] = [];
    if (!context.same(had.schema, wanted.schema)) {
      drafts.push(`ALTER EXTENSION ${after.identity} SET SCHEMA ${role(wanted.schema)}`);
    }
    if (had.version !== wanted.version && wanted.version !== null) {
      if (had.version !== null && isOlder(wanted.version, had.version)) {
        throw new CannotRender(
          `extensions are updated and hardly ever go back: there is no way known from version ${had.version} to ${wanted.version}`,
        );
      }
      drafts.push(`ALTER EXTENSION ${after.identity} UPDATE TO ${quoteLiteral(wanted.version)}`);
    }
    drafts.push(...commentChange(`EXTENSION ${after.identity}`, had.comment, wanted.comment));
    return [make(drafts)];
  },
  detach(object, cause) {
    throw new CannotRender(`${cause.kind} ${cause.identity}, which ${object.identity} needs, is rebuilt`);
  },
};
