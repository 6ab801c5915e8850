/*
 * cli.h - the command line: find the command, open what it needs, run it,
 * print its answer.
 *
 * Ends with 0 (done), 1 (failed) or 2 (the command line makes no sense). An
 * error is one line on standard error, and with --json also an object
 * {"error":{"message","code","param"}} on standard output.
 */
#ifndef CLI_CLI_H
#define CLI_CLI_H

int cli_run(int argc, char **argv);

#endif
