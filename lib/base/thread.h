/*
 * thread: threads besides the main one, which wait on descriptors and can be stopped there.
 *
 * A worker takes no signal: all of them go to main's thread, whose handlers and masks then mean
 * what they meant without workers. So one whose write fails with EPIPE gets no SIGPIPE: who hears
 * of it raises that (thread_raise).
 */
#ifndef CE_THREAD_H
#define CE_THREAD_H

#include <pthread.h>
#include <stddef.h>

/* Starts run(arg) in a thread. Returns 0, or -1: there can be no more of them. */
int thread_start(pthread_t *thread, void *(*run)(void *), void *arg);

/* Ends a worker at the next of its reads and writes below, if it does not end before; joins it. */
void thread_stop(pthread_t thread);

/* fdio_read and fdio_write, in which a worker can be stopped. */
ptrdiff_t thread_read(int fd, void *bytes, size_t n);
int thread_write(int fd, const void *bytes, size_t n);

/* Raises the signal that a write of main's thread that failed with this errno would have raised, in
 * that thread. */
void thread_raise(int error);

/* How many processors this process may run on, at least 1. */
int thread_processors(void);

#endif
