import { quoteIdent, quoteLiteral } from '../../sql/quote.ts';
import { array, text } from '../decode.ts';
import { CAPTURE_PREFIX, LEDGER_SCHEMA } from '../model.ts';
import { FIRST_USER_OID } from '../system-catalogs.ts';
import { addDefined, qualified } from './definition.ts';
import { type Kind, userRow } from './kind.ts';

const STATES: Readonly<Record<string, string>> = { D: 'DISABLE', R: 'ENABLE REPLICA', A: 'ENABLE ALWAYS' };

export const eventTriggers: Kind = {
  name: 'event triggers',
  probe: userRow('pg_event_trigger'),
  query: () =>
    `SELECT t.oid, t.evtname, pg_get_userbyid(t.evtowner), t.evtevent, t.evtenabled, t.evttags,
       ${qualified('n.nspname', 'p.proname')}, n.nspname
     FROM pg_event_trigger t JOIN pg_proc p ON p.oid = t.evtfoid JOIN pg_namespace n ON n.oid = p.pronamespace
     WHERE t.oid >= ${FIRST_USER_OID}`,
  read(rows, context) {
    for (const [oid, name, owner, event, enabled, tags, routine, schema] of rows) {
      // The ledger's own (`drift --watch-ddl`) is no more the user's schema than the ledger is.
      if (schema === LEDGER_SCHEMA) continue;
      if (context.isMember('pg_event_trigger', text(oid)) || text(name).startsWith(CAPTURE_PREFIX)) continue;
      const identity = quoteIdent(text(name));
      const list = array(tags).map(quoteLiteral).sort();
      const when = list.length === 0 ? '' : ` WHEN TAG IN (${list.join(', ')})`;
      const state = STATES[text(enabled)];
      addDefined(
        {
          kind: 'event trigger',
          identity,
          catalog: 'pg_event_trigger',
          oid: text(oid),
          target: `EVENT TRIGGER ${identity}`,
          definition: [
            `CREATE EVENT TRIGGER ${identity} ON ${event}${when} EXECUTE FUNCTION ${routine}()`,
            ...(state === undefined ? [] : [`ALTER EVENT TRIGGER ${identity} ${state}`]),
          ],
          properties: {
            owner: quoteIdent(text(owner)),
            comment: context.comment('pg_event_trigger', text(oid)),
            ...context.securityLabels('pg_event_trigger', text(oid)),
          },
        },
        context,
      );
    }
  },
};
