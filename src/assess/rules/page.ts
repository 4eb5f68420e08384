import type { Rule } from './rule.ts';

/** A rule's page under docs/findings; the rule's test compares it, and writes it with `-u`. */
export function renderPage(rule: Omit<Rule, 'applies' | 'on'>): string {
  return `# ${rule.title}

\`${rule.id}\` · ${rule.severity}

${rule.why}

## Example

Given

\`\`\`sql
${lines(rule.example.schema)}
\`\`\`

this is found:

\`\`\`sql
${lines(rule.example.bad)}
\`\`\`

## Instead

${rule.instead}

\`ferrata assess\` shows the SQL for your own statement, where there is one.
`;
}

/** One statement per line. */
function lines(sql: string): string {
  return sql.replaceAll('; ', ';\n');
}
