/** The command line: finds the command, loads it alone, runs it, and turns errors into exit codes. */
import { EXIT, type ExitCode, FerrataError } from '../errors.ts';

const VERSION_FLAGS = new Set(['--version', '-V', '-v']);

async function main(argv: readonly string[]): Promise<ExitCode> {
  const [first] = argv;
  if (first !== undefined && VERSION_FLAGS.has(first) && argv.length === 1) {
    const { version } = await import('./version.ts');
    process.stdout.write(`${version()}\n`);
    return EXIT.done;
  }
  const { runCommandLine } = await import('./run.ts');
  return runCommandLine(argv);
}

// A closed pipe (`ferrata status | head -1`) or a closed terminal (EIO) is the reader's choice, not an error. A result
// that nobody reads ends the process; progress that nobody reads must not: a run goes on to where it can stop.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE' && error.code !== 'EIO') throw error;
  if (error.code === 'EPIPE') process.exit(process.exitCode ?? 0);
});
process.stderr.on('error', () => {});

main(process.argv.slice(2)).then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    const message = error instanceof FerrataError ? `[${error.code}] ${error.message}` : String(error);
    process.stderr.write(`error ${message}\n`);
    process.exitCode = error instanceof FerrataError ? error.exitCode : EXIT.failed;
  },
);
