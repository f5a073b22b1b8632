/* Locks as a file system without them grants them: preloaded, every lock fails with the errno NO_LOCKS. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>

static int fails(void) {
    const char *said = getenv("NO_LOCKS");
    if (said) errno = atoi(said);
    return said != NULL;
}

int flock(int file, int kind) {
    int (*real)(int, int) = dlsym(RTLD_NEXT, "flock");
    return fails() ? -1 : real(file, kind);
}

int fcntl64(int file, int command, ...) {
    va_list rest;
    va_start(rest, command);
    void *given = va_arg(rest, void *);
    va_end(rest);
    int locks = command == F_SETLK || command == F_SETLKW || command == F_OFD_SETLK || command == F_OFD_SETLKW;
    int (*real)(int, int, ...) = dlsym(RTLD_NEXT, "fcntl64");
    return locks && fails() ? -1 : real(file, command, given);
}

int fcntl(int file, int command, ...) {
    va_list rest;
    va_start(rest, command);
    void *given = va_arg(rest, void *);
    va_end(rest);
    return fcntl64(file, command, given);
}
