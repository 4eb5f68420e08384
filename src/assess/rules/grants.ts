import { quoteIdent } from '../../sql/quote.ts';
import {
  children,
  flag,
  type Node,
  nameFromParts,
  nameFromRange,
  type QualifiedName,
  showName,
  strings,
  text,
} from '../../sql/tree.ts';
import type { Analysis } from '../analyse.ts';
import type { AssessContext } from '../context.ts';
import type { Severity } from '../model.ts';
import { type ScriptHit, scriptRule } from './rule.ts';

export const grants = scriptRule({
  id: 'grants',
  severity: 'warning',
  title: 'Privileges are given to everybody, or taken from those who use them',
  on: ['CreateFunctionStmt', 'AlterDefaultPrivilegesStmt', 'GrantStmt'],
  read: () => {
    const madeFunctions = new Set<string>();
    return {
      see: (analysis, context) => {
        const { statement } = analysis;
        if (statement.kind === 'CreateFunctionStmt') {
          const name = nameFromParts(strings(statement.node.funcname));
          if (name !== null) madeFunctions.add(name.name);
        }
        if (statement.kind === 'AlterDefaultPrivilegesStmt') {
          const action = statement.node.action;
          const grant = typeof action === 'object' && action !== null ? (action as Node) : null;
          return grant === null || !flag(grant, 'is_grant') ? [] : given(analysis, grant, true);
        }
        if (statement.kind !== 'GrantStmt') return [];
        return flag(statement.node, 'is_grant')
          ? given(analysis, statement.node, false)
          : taken(analysis, madeFunctions, context);
      },
    };
  },
  why: 'PUBLIC is every role there is and every role to come, on a server with other applications theirs as well. Who loses a privilege gets “permission denied” with the next statement (SQLSTATE 42501), whatever prepared statements and open transactions they have (PostgreSQL manual, 5.8).',
  instead:
    'Grant to a role that says what it is for, the privileges that it needs by name; before a REVOKE see who has them (\\dp), and who has them by way of PUBLIC alone.',
  manual: 'ddl-priv.html',
  example: {
    schema: 'CREATE TABLE t (id int PRIMARY KEY);',
    bad: 'GRANT SELECT ON t TO PUBLIC;',
    danger: {
      kind: 'shows',
      query:
        "SELECT relname FROM pg_class, aclexplode(relacl) AS given WHERE relname = 't' AND given.grantee = 0",
    },
    good: ['GRANT SELECT ON t TO pg_monitor'],
  },
});

/** Privileges that PUBLIC has of itself, or that let nobody see or change anything. */
const HARMLESS: Readonly<Record<string, readonly string[]>> = {
  OBJECT_FUNCTION: ['execute'],
  OBJECT_PROCEDURE: ['execute'],
  OBJECT_ROUTINE: ['execute'],
  OBJECT_TYPE: ['usage'],
  OBJECT_DOMAIN: ['usage'],
  OBJECT_LANGUAGE: ['usage'],
  OBJECT_DATABASE: ['connect', 'temporary', 'temp'],
  OBJECT_SCHEMA: ['usage'],
};
const READS = new Set(['select', 'usage', 'references']);

function given({ statement }: Analysis, grant: Node, byDefault: boolean): readonly ScriptHit[] {
  const toPublic = grantees(grant).includes('PUBLIC');
  const privileges = privilegesOf(grant);
  const type = text(grant, 'objtype') ?? '';
  const where = byDefault ? 'everything that is made later' : objectsOf(grant);
  const hit = (severity: Severity, message: string): readonly ScriptHit[] => [
    { statement, severity, message, safeSql: [] },
  ];
  if (toPublic) {
    const open =
      privileges === null ? null : privileges.filter((name) => !(HARMLESS[type] ?? []).includes(name));
    if (
      open?.length === 0 ||
      (open === null &&
        (HARMLESS[type]?.length ?? 0) > 0 &&
        type !== 'OBJECT_SCHEMA' &&
        type !== 'OBJECT_DATABASE')
    ) {
      return [];
    }
    const writes = open === null || open.some((name) => !READS.has(name));
    return hit(
      writes ? 'danger' : 'warning',
      `Every role of the server, those to come included, has ${open === null ? 'all privileges' : open.join(', ').toUpperCase()} on ${where}.`,
    );
  }
  // ALL on a table is more than reading and writing.
  const table = type === 'OBJECT_TABLE' && privileges === null;
  return table
    ? hit(
        'info',
        `ALL on ${where} holds TRUNCATE, TRIGGER and REFERENCES as well, and on PostgreSQL 17 and newer MAINTAIN.`,
      )
    : [];
}

function taken(
  analysis: Analysis,
  madeFunctions: ReadonlySet<string>,
  context: AssessContext,
): readonly ScriptHit[] {
  const { node } = analysis.statement;
  const names = objectNames(node);
  const type = text(node, 'objtype') ?? '';
  const kept = names.filter((name) => {
    if (['OBJECT_TABLE', 'OBJECT_SEQUENCE'].includes(type)) {
      const relation = context.resolve(name);
      return relation === null || (!context.isNew(relation) && isHeld(relation, node, context));
    }
    return !madeFunctions.has(name.name);
  });
  if (names.length > 0 && kept.length === 0) return [];
  const privileges = privilegesOf(node);
  const who = grantees(node).map((name) =>
    name === 'PUBLIC' ? 'whoever had it by way of PUBLIC alone' : quoteIdent(name),
  );
  const what = privileges === null ? 'every privilege' : privileges.join(', ').toUpperCase();
  return [
    {
      statement: analysis.statement,
      severity: 'warning',
      message: `From the next statement on ${who.join(', ')} lacks ${what} on ${kept.length > 0 ? kept.map(showName).join(', ') : objectsOf(node)}.`,
      safeSql: [],
    },
  ];
}

/** Whether one of the roles is known to have one of the privileges, or that is not known. */
function isHeld(relation: string, node: Node, context: AssessContext): boolean {
  const known = context.known.get('table', relation) ?? context.known.get('view', relation);
  const held = (known?.properties as { readonly privileges?: readonly string[] } | undefined)?.privileges;
  if (held === undefined || context.catalog === null) return true;
  const roles = grantees(node);
  const privileges = privilegesOf(node);
  return held.some((item) => {
    const [, grantee = '', privilege = ''] = /^(.*?)=([A-Z ]+)/.exec(item) ?? [];
    const role = roles.some((name) => (name === 'PUBLIC' ? 'PUBLIC' : quoteIdent(name)) === grantee);
    return role && (privileges === null || privileges.includes(privilege.trim().toLowerCase()));
  });
}

function grantees(node: Node): readonly string[] {
  return children(node, 'grantees').map(({ node: role }) => {
    const type = text(role, 'roletype');
    return type === 'ROLESPEC_PUBLIC' ? 'PUBLIC' : (text(role, 'rolename') ?? 'the current role');
  });
}

/** Null: ALL. */
function privilegesOf(node: Node): readonly string[] | null {
  const listed = children(node, 'privileges').map((item) => text(item.node, 'priv_name') ?? '');
  return listed.length === 0 ? null : listed;
}

function objectNames(node: Node): readonly QualifiedName[] {
  if (text(node, 'targtype') !== 'ACL_TARGET_OBJECT') return [];
  return children(node, 'objects')
    .map(({ kind, node: object }) => {
      if (kind === 'RangeVar') return nameFromRange(object);
      if (kind === 'ObjectWithArgs') return nameFromParts(strings(object.objname));
      return kind === 'String'
        ? { schema: null, name: text(object, 'sval') ?? '' }
        : nameFromParts(strings(object.items));
    })
    .filter((name) => name !== null);
}

function objectsOf(node: Node): string {
  const names = objectNames(node).map(showName);
  if (names.length > 0) return names.join(', ');
  const schemas = children(node, 'objects').map((item) => quoteIdent(text(item.node, 'sval') ?? ''));
  return `everything of its kind in ${schemas.join(', ')}`;
}
