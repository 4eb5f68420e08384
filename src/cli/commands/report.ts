import { EXIT, FerrataError } from '../../errors.ts';
import { reportToHtml, reportToMarkdown, showReport } from '../../workflow/report.ts';
import { type Command, text } from '../command.ts';

export const reportCommand: Command = {
  name: 'report',
  arguments: '[id|run]',
  summary: 'Show or write the report of a run',
  description: 'Without an argument: the newest run. The three forms lie under .ferrata/reports/ as well.',
  examples: [
    'ferrata report',
    'ferrata report 20261120093000_add_order_status',
    'ferrata report --format html > report.html',
  ],
  options: [{ flags: '--format <format>', description: 'markdown, html or json', default: 'markdown' }],
  async run(invocation, context) {
    const format = text(invocation, 'format');
    if (format !== 'markdown' && format !== 'html' && format !== 'json') {
      throw new FerrataError('usage', `\`${format}\` is no format.`, { hint: 'Use: markdown, html, json.' });
    }
    const report = await showReport(
      await context.settings(),
      invocation.positional[0] ?? null,
      context.reporter,
    );
    context.result({ report }, () =>
      format === 'html'
        ? reportToHtml(report)
        : format === 'json'
          ? JSON.stringify(report, null, 2)
          : reportToMarkdown(report).trimEnd(),
    );
    return EXIT.done;
  },
};
