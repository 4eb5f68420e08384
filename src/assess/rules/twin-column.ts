import type { ColumnProperties } from '../../catalog/model.ts';
import { dollarQuote, quoteIdent, quoteQualified } from '../../sql/quote.ts';
import { showName } from '../../sql/tree.ts';
import type { AssessContext } from '../context.ts';
import { joinedName } from '../known/chosen-names.ts';
import { backfill, COMMIT, isWhole, type Target } from './steps.ts';

/** Types without an equality that a trigger could ask. */
const INCOMPARABLE = /^(json|xml|point|polygon|path|line|lseg|box|circle)(\[\])?$/;

/**
 * A second column that holds the same, whichever of the two is written: nothing where the first is not known, or has its
 * values from elsewhere.
 */
export function twinColumn(
  context: AssessContext,
  target: Target,
  from: string,
  to: string,
): readonly string[] {
  const known = context.column(target.table, from);
  if (known === null || known.generated !== null || known.identity !== null) return [];
  if (!isWhole(known.type) || INCOMPARABLE.test(known.type)) return [];
  const table = showName(target.written);
  const [a, b] = [quoteIdent(from), quoteIdent(to)];
  return [
    `ALTER TABLE ${table} ADD COLUMN ${b} ${typeOf(known)}`,
    ...syncTrigger(target, from, to),
    COMMIT,
    backfill(context, target, `${b} = ${a}`, `${b} IS NULL AND ${a} IS NOT NULL`),
  ];
}

function typeOf({ type, collation }: ColumnProperties): string {
  return collation === null ? type : `${type} COLLATE ${collation}`;
}

/** Old programs write the one, new ones the other; of an INSERT the new one counts where it has a value. */
function syncTrigger(target: Target, from: string, to: string): readonly string[] {
  const label = 'sync';
  const fn = quoteQualified(target.written.schema, joinedName(target.written.name, `${from}_${to}`, label));
  const trigger = quoteIdent(joinedName(`zz_${target.written.name}`, `${from}_${to}`, label));
  const [a, b] = [quoteIdent(from), quoteIdent(to)];
  const body = `
BEGIN
  IF TG_OP = 'INSERT' THEN
    IF NEW.${b} IS NULL THEN
      NEW.${b} := NEW.${a};
    ELSE
      NEW.${a} := NEW.${b};
    END IF;
  ELSIF NEW.${b} IS DISTINCT FROM OLD.${b} THEN
    NEW.${a} := NEW.${b};
  ELSE
    NEW.${b} := NEW.${a};
  END IF;
  RETURN NEW;
END
`;
  return [
    `CREATE FUNCTION ${fn}() RETURNS trigger LANGUAGE plpgsql AS ${dollarQuote(body, 'sync')}`,
    `CREATE TRIGGER ${trigger} BEFORE INSERT OR UPDATE ON ${showName(target.written)} FOR EACH ROW EXECUTE FUNCTION ${fn}()`,
  ];
}
