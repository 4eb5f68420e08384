import { quoteLiteral } from '../../sql/quote.ts';
import { notMember } from '../context.ts';
import { bool, type Text, text } from '../decode.ts';
import { FIRST_USER_OID } from '../system-catalogs.ts';
import { addDefined, optionList } from './definition.ts';
import { type Kind, userRow } from './kind.ts';

const MODIFY: Readonly<Record<string, string>> = { r: 'READ_ONLY', s: 'SHAREABLE', w: 'READ_WRITE' };
const PARALLEL: Readonly<Record<string, string>> = { s: 'SAFE', r: 'RESTRICTED' };

/** Aggregates (manual, CREATE AGGREGATE). */
export const aggregates: Kind = {
  name: 'aggregates',
  probe: userRow('pg_aggregate', 'aggfnoid'),
  query: () =>
    `SELECT p.oid, p.proname, p.pronamespace, pg_get_userbyid(p.proowner), p.proacl,
       oidvectortypes(p.proargtypes), pg_get_function_arguments(p.oid), pg_get_function_identity_arguments(p.oid),
       a.aggkind, p.proparallel, a.aggtransfn, format_type(a.aggtranstype, NULL), a.aggtransspace,
       a.aggfinalfn, a.aggfinalextra, a.aggfinalmodify, a.aggcombinefn, a.aggserialfn,
       a.aggdeserialfn, a.agginitval, a.aggmtransfn, a.aggminvtransfn,
       CASE WHEN a.aggmtranstype <> 0 THEN format_type(a.aggmtranstype, NULL) END, a.aggmtransspace,
       a.aggmfinalfn, a.aggmfinalextra, a.aggmfinalmodify, a.aggminitval,
       (SELECT 'OPERATOR(' || quote_ident(n.nspname) || '.' || o.oprname || ')' FROM pg_operator o
         JOIN pg_namespace n ON n.oid = o.oprnamespace WHERE o.oid = a.aggsortop)
     FROM pg_aggregate a JOIN pg_proc p ON p.oid = a.aggfnoid
     WHERE p.oid >= ${FIRST_USER_OID} AND ${notMember('pg_proc', 'p')}`,
  read(rows, context) {
    for (const row of rows) {
      const [oid, name, schema, owner, acl, types, args, identityArgs, kind] = row;
      const bare = context.identityIn(text(schema), text(name), 'pg_proc', text(oid));
      if (bare === undefined) continue;
      const signature = identityArgs === '' ? '*' : text(identityArgs);
      addDefined(
        {
          kind: 'aggregate',
          identity: `${bare}(${types})`,
          catalog: 'pg_proc',
          oid: text(oid),
          target: `AGGREGATE ${bare}(${signature})`,
          grantTarget: `FUNCTION ${bare}(${types})`,
          definition: `CREATE AGGREGATE ${bare}(${args === '' ? '*' : args}) (${options(text(kind), row.slice(9))})`,
          properties: context.owned('pg_proc', text(oid), text(owner), acl ?? null, 'f'),
        },
        context,
      );
    }
  },
};

function options(kind: string, values: readonly Text[]): string {
  const [
    parallel,
    transition,
    state,
    space,
    final,
    finalExtra,
    finalModify,
    combine,
    serial,
    deserial,
    initial,
  ] = values;
  const [
    moving,
    inverse,
    movingState,
    movingSpace,
    movingFinal,
    movingExtra,
    movingModify,
    movingInitial,
    sort,
  ] = values.slice(11);
  // What the server takes for granted, which depends on the kind of aggregate.
  const usual = kind === 'n' ? 'r' : 'w';
  const literal = (value: Text | undefined) =>
    value === null || value === undefined ? null : quoteLiteral(value);
  const positive = (value: Text | undefined) => (value === '0' ? null : value);
  const modify = (value: Text | undefined) => (value === usual ? null : MODIFY[text(value)]);
  const flag = (value: Text | undefined) => (bool(value) ? '' : null);
  const hasFinal = final !== '-';
  const hasMovingFinal = movingFinal !== '-';
  return optionList([
    ['SFUNC', transition],
    ['STYPE', state],
    ['SSPACE', positive(space)],
    ['FINALFUNC', final],
    ['FINALFUNC_EXTRA', flag(finalExtra)],
    ['FINALFUNC_MODIFY', hasFinal ? modify(finalModify) : null],
    ['COMBINEFUNC', combine],
    ['SERIALFUNC', serial],
    ['DESERIALFUNC', deserial],
    ['INITCOND', literal(initial)],
    ['MSFUNC', moving],
    ['MINVFUNC', inverse],
    ['MSTYPE', movingState],
    ['MSSPACE', positive(movingSpace)],
    ['MFINALFUNC', movingFinal],
    ['MFINALFUNC_EXTRA', flag(movingExtra)],
    ['MFINALFUNC_MODIFY', hasMovingFinal ? modify(movingModify) : null],
    ['MINITCOND', literal(movingInitial)],
    ['SORTOP', sort],
    ['PARALLEL', PARALLEL[text(parallel)] ?? null],
    ['HYPOTHETICAL', kind === 'h' ? '' : null],
  ]);
}
