/*
 * ending: exit(3) from whatever thread.
 *
 * While exit() runs what must run at the end (which removes unfinished files), another thread that
 * comes to its own end would find nothing left to run, and end the process amid it.
 */
#ifndef CE_ENDING_H
#define CE_ENDING_H

/* exit(status) for the first thread that calls it; others wait for the end. */
_Noreturn void ending_exit(int status);

#endif
