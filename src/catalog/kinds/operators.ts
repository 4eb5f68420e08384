/** Operators, operator families and operator classes (manual, CREATE OPERATOR …). */

import { dollarQuote, quoteIdent, quoteLiteral } from '../../sql/quote.ts';
import { notMember } from '../context.ts';
import { array, bool, text } from '../decode.ts';
import { FIRST_USER_OID } from '../system-catalogs.ts';
import { addDefined, optionList, qualified } from './definition.ts';
import { type Kind, userRow } from './kind.ts';

const reference = (column: string) =>
  `(SELECT 'OPERATOR(' || quote_ident(n.nspname) || '.' || r.oprname || ')' FROM pg_operator r
     JOIN pg_namespace n ON n.oid = r.oprnamespace WHERE r.oid = o.${column})`;

export const operators: Kind = {
  name: 'operators',
  probe: userRow('pg_operator'),
  query: () =>
    `SELECT o.oid, o.oprname, o.oprnamespace, pg_get_userbyid(o.oprowner), o.oprkind,
       CASE WHEN o.oprleft <> 0 THEN format_type(o.oprleft, NULL) END,
       CASE WHEN o.oprright <> 0 THEN format_type(o.oprright, NULL) END,
       o.oprcode, ${reference('oprcom')}, ${reference('oprnegate')}, o.oprrest, o.oprjoin,
       o.oprcanmerge, o.oprcanhash
     FROM pg_operator o WHERE o.oid >= ${FIRST_USER_OID} AND ${notMember('pg_operator', 'o')}`,
  read(rows, context) {
    for (const row of rows) {
      const [
        oid,
        name,
        schemaOid,
        owner,
        ,
        left,
        right,
        code,
        commutator,
        negator,
        restrict,
        join,
        merges,
        hashes,
      ] = row;
      const schema = context.visibleSchema(text(schemaOid));
      if (schema === undefined) continue;
      const bare = `${schema.quoted}.${name}`;
      const isShell = code === '-';
      const identity = `${bare}(${left ?? 'NONE'}, ${right ?? 'NONE'})`;
      const options = optionList([
        ['FUNCTION', code],
        ['LEFTARG', left],
        ['RIGHTARG', right],
        ['COMMUTATOR', commutator],
        ['NEGATOR', negator],
        ['RESTRICT', restrict],
        ['JOIN', join],
        ['MERGES', bool(merges) ? '' : null],
        ['HASHES', bool(hashes) ? '' : null],
      ]);
      addDefined(
        {
          kind: 'operator',
          identity,
          catalog: 'pg_operator',
          oid: text(oid),
          target: `OPERATOR ${bare} (${left ?? 'NONE'}, ${right ?? 'NONE'})`,
          definition: isShell
            ? shell(schema.quoted, text(name), left ?? null, text(right))
            : `CREATE OPERATOR ${bare} (${options})`,
          properties: {
            owner: quoteIdent(text(owner)),
            comment: context.comment('pg_operator', text(oid)),
            ...(isShell ? { shell: true } : {}),
          },
        },
        context,
      );
    }
  },
};

/**
 * A shell is what another operator's COMMUTATOR or NEGATOR left behind: a name without a function. It can be made in the
 * same way alone; where that other operator made it already, there is nothing to do.
 */
function shell(schema: string, name: string, left: string | null, right: string): string {
  const maker = `${schema}.<!!>`;
  const routine = `${schema}.ferrata_shell`;
  const types = left === null ? right : `${left}, ${right}`;
  const leftArgument = left === null ? '' : `LEFTARG = ${left}, `;
  const operand = (type: string | null) =>
    type === null ? '0' : `${quoteLiteral(type)}::pg_catalog.regtype`;
  const block = `
BEGIN
  IF NOT EXISTS (SELECT FROM pg_catalog.pg_operator WHERE oprname = ${quoteLiteral(name)}
    AND oprnamespace = ${quoteLiteral(schema)}::pg_catalog.regnamespace AND oprleft = ${operand(left)} AND oprright = ${operand(right)})
  THEN
    CREATE FUNCTION ${routine}(${types}) RETURNS boolean LANGUAGE sql AS 'SELECT true';
    CREATE OPERATOR ${maker} (FUNCTION = ${routine}, ${leftArgument}RIGHTARG = ${right}, NEGATOR = OPERATOR(${schema}.${name}));
    DROP OPERATOR ${maker} (${left ?? 'NONE'}, ${right});
    DROP FUNCTION ${routine}(${types});
  END IF;
END
`;
  return `DO ${dollarQuote(block)}`;
}

/** The operators and functions that belong to a family or a class, as CREATE OPERATOR CLASS writes them. */
function members(catalog: 'pg_opfamily' | 'pg_opclass', oid: string): string {
  const belongs = (part: string, partOid: string) =>
    `JOIN pg_depend d ON d.classid = '${part}'::regclass AND d.objid = ${partOid}
       AND d.refclassid = '${catalog}'::regclass AND d.refobjid = ${oid}`;
  return `ARRAY(SELECT member FROM (
    SELECT 0 AS part, m.amopstrategy AS number, concat('OPERATOR ', m.amopstrategy, ' ', m.amopopr::regoperator)
      || coalesce(' FOR ORDER BY ' || (SELECT ${qualified('n.nspname', 'f.opfname')} FROM pg_opfamily f
        JOIN pg_namespace n ON n.oid = f.opfnamespace WHERE f.oid = m.amopsortfamily), '') AS member
    FROM pg_amop m ${belongs('pg_amop', 'm.oid')}
    UNION ALL
    SELECT 1, m.amprocnum, concat('FUNCTION ', m.amprocnum, ' (', format_type(m.amproclefttype, NULL), ', ',
      format_type(m.amprocrighttype, NULL), ') ', m.amproc::regprocedure)
    FROM pg_amproc m ${belongs('pg_amproc', 'm.oid')}) members ORDER BY part, number, member)`;
}

export const operatorFamilies: Kind = {
  name: 'operator families',
  probe: userRow('pg_opfamily'),
  query: () =>
    `SELECT f.oid, f.opfname, f.opfnamespace, pg_get_userbyid(f.opfowner), f.opfmethod, ${members('pg_opfamily', 'f.oid')}
     FROM pg_opfamily f WHERE f.oid >= ${FIRST_USER_OID} AND ${notMember('pg_opfamily', 'f')}`,
  read(rows, context) {
    for (const [oid, name, schema, owner, method, loose] of rows) {
      const bare = context.identityIn(text(schema), text(name), 'pg_opfamily', text(oid));
      if (bare === undefined) continue;
      const identity = `${bare} USING ${context.accessMethods.get(text(method))}`;
      const added = array(loose);
      addDefined(
        {
          kind: 'operator family',
          identity,
          catalog: 'pg_opfamily',
          oid: text(oid),
          target: `OPERATOR FAMILY ${identity}`,
          definition: [
            `CREATE OPERATOR FAMILY ${identity}`,
            ...(added.length === 0 ? [] : [`ALTER OPERATOR FAMILY ${identity} ADD ${added.join(', ')}`]),
          ],
          properties: { owner: quoteIdent(text(owner)), comment: context.comment('pg_opfamily', text(oid)) },
        },
        context,
      );
    }
  },
};

export const operatorClasses: Kind = {
  name: 'operator classes',
  probe: userRow('pg_opclass'),
  query: () =>
    `SELECT c.oid, c.opcname, c.opcnamespace, pg_get_userbyid(c.opcowner), c.opcmethod, c.opcdefault,
       format_type(c.opcintype, NULL), CASE WHEN c.opckeytype <> 0 THEN format_type(c.opckeytype, NULL) END,
       ${qualified('n.nspname', 'f.opfname')}, ${members('pg_opclass', 'c.oid')}
     FROM pg_opclass c JOIN pg_opfamily f ON f.oid = c.opcfamily JOIN pg_namespace n ON n.oid = f.opfnamespace
     WHERE c.oid >= ${FIRST_USER_OID} AND ${notMember('pg_opclass', 'c')}`,
  read(rows, context) {
    for (const [oid, name, schema, owner, methodOid, isDefault, type, storage, family, list] of rows) {
      const bare = context.identityIn(text(schema), text(name), 'pg_opclass', text(oid));
      if (bare === undefined) continue;
      const method = context.accessMethods.get(text(methodOid));
      const identity = `${bare} USING ${method}`;
      const items = [...(storage === null ? [] : [`STORAGE ${storage}`]), ...array(list)];
      addDefined(
        {
          kind: 'operator class',
          identity,
          catalog: 'pg_opclass',
          oid: text(oid),
          target: `OPERATOR CLASS ${identity}`,
          definition:
            `CREATE OPERATOR CLASS ${bare}${bool(isDefault) ? ' DEFAULT' : ''} FOR TYPE ${type} USING ${method} ` +
            // STORAGE of the input type says nothing; it is there because the list must not be empty.
            `FAMILY ${family} AS ${items.length === 0 ? `STORAGE ${type}` : items.join(', ')}`,
          properties: { owner: quoteIdent(text(owner)), comment: context.comment('pg_opclass', text(oid)) },
        },
        context,
      );
    }
  },
};
