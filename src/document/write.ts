/** Reports on disk: `.ferrata/reports/<run>.{md,html,json}`. */
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { reportToHtml } from './html.ts';
import { reportToMarkdown } from './markdown.ts';
import type { Report } from './model.ts';

export interface WrittenReport {
  /** Absolute paths. */
  readonly markdown: string;
  readonly html: string;
  readonly json: string;
}

/** Writes all three forms under `<directory>/reports`; each file is replaced in one step. */
export async function writeReport(directory: string, report: Report): Promise<WrittenReport> {
  const folder = join(directory, 'reports');
  await mkdir(folder, { recursive: true });
  const name = report.run.replace(/[^A-Za-z0-9_.-]+/g, '_').replace(/^\.+/, '_');
  const write = async (extension: string, content: string) => {
    const path = join(folder, `${name}.${extension}`);
    await writeFile(`${path}.new`, content);
    await rename(`${path}.new`, path);
    return path;
  };
  return {
    markdown: await write('md', reportToMarkdown(report)),
    html: await write('html', reportToHtml(report)),
    json: await write('json', `${JSON.stringify(report, null, 2)}\n`),
  };
}
