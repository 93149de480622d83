/* SPDX-License-Identifier: MIT */
/* usage: bench_start COMMAND...   Starts it 200 times, prints the median in milliseconds. */
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define RUNS 200

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static int smaller(const void *a, const void *b)
{
    const double *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

int main(int argc, char **argv)
{
    posix_spawn_file_actions_t actions;
    double took[RUNS];
    int status;
    pid_t pid;

    if (argc < 2)
        return 2;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    for (int i = 0; i < RUNS; i++) {
        double start = now();
        if (posix_spawnp(&pid, argv[1], &actions, NULL, argv + 1, environ) ||
            waitpid(pid, &status, 0) != pid || status) {
            fprintf(stderr, "bench_start: %s failed\n", argv[1]);
            return 1;
        }
        took[i] = now() - start;
    }
    qsort(took, RUNS, sizeof took[0], smaller);
    printf("%.2f\n", took[RUNS / 2]);
    return 0;
}
