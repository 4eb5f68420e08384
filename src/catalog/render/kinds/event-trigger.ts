/** Event triggers: enabled state in place (manual, ALTER EVENT TRIGGER). */
import type { DefinitionOptions } from './definition.ts';
import { statementsOf } from './definition-text.ts';

export const eventTriggerChanges: DefinitionOptions = {
  tightens: true,
  change(before, after, context) {
    const [had = ''] = statementsOf(String(before.properties.definition));
    const [wanted = '', state] = statementsOf(String(after.properties.definition));
    if (!context.same(had, wanted)) return null;
    return [state ?? `ALTER EVENT TRIGGER ${after.identity} ENABLE`];
  },
};
