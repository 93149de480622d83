/* SPDX-License-Identifier: MIT */
/*
 * Where a password comes from: a file, a command, the desktop's secret service, the terminal. Never
 * an argument, never the profile; wiped as soon as it was used.
 */
#include "cli/cli.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#define PASSWORD_MAX      4096
#define SECRET_SERVICE_MS 10000 /* a keyring that asks to be unlocked where nobody sees it */

#if defined(__SANITIZE_ADDRESS__)
#define UNDER_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define UNDER_SANITIZER 1
#endif
#endif

/* From now on neither a debugger of the same user nor a core file sees this process's memory. */
static void hide_memory(void)
{
#ifndef UNDER_SANITIZER /* the leak checker attaches to the process */
    prctl(PR_SET_DUMPABLE, 0L, 0L, 0L, 0L);
#endif
}

void cli_password_free(char *password)
{
    if (password)
        explicit_bzero(password, strlen(password));
    free(password);
}

static om_status fail(struct cli *cli, om_status st, enum om_cause cause, const char *target,
                      const char *detail)
{
    struct om_error *err = &cli->err;

    om_error_clear(err);
    err->status = st;
    err->layer = OM_LAYER_AUTH;
    err->cause = cause;
    snprintf(err->doing, sizeof err->doing, "reading the password");
    snprintf(err->target, sizeof err->target, "%s", target);
    snprintf(err->detail, sizeof err->detail, "%s", detail);
    return st;
}

static om_status fail_errno(struct cli *cli, const char *target)
{
    bool missing = errno == ENOENT || errno == ENOTDIR;
    bool denied = errno == EACCES || errno == EPERM;
    char late[64];

    snprintf(late, sizeof late, "it was not there within %g s", cli->timeout_ms / 1000.0);
    if (errno == ETIMEDOUT)
        return fail(cli, MAPI_E_TIMEOUT, OM_CAUSE_TIMEOUT, target, late);
    return fail(cli,
                missing  ? MAPI_E_NOT_FOUND
                : denied ? MAPI_E_NO_ACCESS
                         : MAPI_E_DISK_ERROR,
                missing  ? OM_CAUSE_NOT_FOUND
                : denied ? OM_CAUSE_ACCESS_DENIED
                         : OM_CAUSE_IO,
                target, strerror(errno));
}

static struct timespec deadline_in(unsigned ms)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    t.tv_sec += ms / 1000;
    t.tv_nsec += ms % 1000 * 1000000L;
    if (t.tv_nsec >= 1000000000) {
        t.tv_sec++;
        t.tv_nsec -= 1000000000;
    }
    return t;
}

/* Milliseconds left until a deadline; -1 without one. */
static int left_ms(const struct timespec *deadline)
{
    struct timespec now;
    long ms;

    if (!deadline)
        return -1;
    clock_gettime(CLOCK_MONOTONIC, &now);
    ms = (deadline->tv_sec - now.tv_sec) * 1000 + (deadline->tv_nsec - now.tv_nsec) / 1000000;
    return ms > 0 ? (int)ms : 0;
}

/*
 * Reads up to the end into buf (PASSWORD_MAX + 1 bytes). Gives the length, -1 with errno set:
 * ETIMEDOUT past the deadline, EFBIG when there is more than a password.
 */
static ssize_t read_all(int fd, char *buf, const struct timespec *deadline)
{
    size_t n = 0;

    for (;;) {
        struct pollfd p = {.fd = fd, .events = POLLIN};
        int ready = poll(&p, 1, left_ms(deadline));
        ssize_t got;

        if (ready == 0) {
            errno = ETIMEDOUT;
            return -1;
        }
        got = ready < 0 ? -1 : read(fd, buf + n, PASSWORD_MAX + 1 - n);
        if (got < 0 && (errno == EINTR || errno == EAGAIN))
            continue;
        if (got < 0)
            return -1;
        if (got == 0)
            return (ssize_t)n;
        n += (size_t)got;
        if (n > PASSWORD_MAX) {
            errno = EFBIG;
            return -1;
        }
    }
}

/* The first line of n bytes, copied. */
static om_status first_line(struct cli *cli, const char *buf, size_t n, const char *target,
                            char **password)
{
    const char *end = memchr(buf, '\n', n);
    size_t len = end ? (size_t)(end - buf) : n;

    if (len && buf[len - 1] == '\r')
        len--;
    if (len == 0)
        return fail(cli, MAPI_E_INVALID_PARAMETER, OM_CAUSE_NO_CREDENTIALS, target,
                    "the first line is empty");
    if (memchr(buf, '\0', len))
        return fail(cli, MAPI_E_INVALID_PARAMETER, OM_CAUSE_BAD_SYNTAX, target,
                    "the first line has a NUL in it");
    *password = strndup(buf, len);
    return *password ? OM_OK
                     : fail(cli, MAPI_E_NOT_ENOUGH_MEMORY, OM_CAUSE_NO_MEMORY, target, "no memory");
}

/* ---- a file ---- */

/* A pipe's other end may never write; a person at a terminal may take their time. */
static om_status from_fd(struct cli *cli, int fd, const char *target, char **password)
{
    struct timespec deadline = deadline_in(cli->timeout_ms);
    char buf[PASSWORD_MAX + 1];
    ssize_t n = read_all(fd, buf, isatty(fd) ? NULL : &deadline);
    om_status st =
        n < 0 ? fail_errno(cli, target) : first_line(cli, buf, (size_t)n, target, password);

    explicit_bzero(buf, sizeof buf);
    return st;
}

static om_status from_file(struct cli *cli, const char *path, char **password)
{
    struct stat info;
    om_status st;
    int fd;

    if (strcmp(path, "-") == 0)
        return from_fd(cli, STDIN_FILENO, "standard input", password);
    /* O_NONBLOCK: opening a named pipe does not wait for who writes, reading it does */
    fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0 || fstat(fd, &info) != 0)
        st = fail_errno(cli, path);
    else if (S_ISDIR(info.st_mode)) {
        errno = EISDIR;
        st = fail_errno(cli, path);
    } else {
        if (S_ISREG(info.st_mode) && (info.st_mode & 077))
            cli_warn(cli, "%s is readable or writable by others (mode %03o); chmod 600 it", path,
                     (unsigned)info.st_mode & 0777);
        st = from_fd(cli, fd, path, password);
    }
    if (fd >= 0)
        close(fd);
    return st;
}

/* ---- a command ---- */

/*
 * Where no terminal is, which a group in the background could not ask at, a group of its own: then
 * what a command has started ends with it.
 */
static void leave_group(void)
{
    int terminal = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);

    if (terminal < 0)
        setpgid(0, 0);
    else
        close(terminal);
}

/* Starts a program with its output in a pipe and gives the pipe's end, -1 when it cannot. */
static int start(char *const argv[], bool quiet, pid_t *pid)
{
    int ends[2];

    if (pipe2(ends, O_CLOEXEC) != 0)
        return -1;
    *pid = fork();
    if (*pid == 0) {
        int null = open("/dev/null", O_RDWR | O_CLOEXEC);

        signal(SIGPIPE, SIG_DFL);
        leave_group();
        dup2(ends[1], STDOUT_FILENO);
        if (quiet && null >= 0) {
            dup2(null, STDIN_FILENO);
            dup2(null, STDERR_FILENO);
        }
        execvp(argv[0], argv);
        _exit(127);
    }
    close(ends[1]);
    if (*pid < 0) {
        close(ends[0]);
        return -1;
    }
    return ends[0];
}

static const struct timespec at_once; /* a deadline that is over */

/* The exit status as the shell writes it; -1: the child was there past the deadline, and is ended.
 */
static int reap(pid_t pid, const struct timespec *deadline)
{
    const struct timespec pause = {0, 10 * 1000000L};
    bool ended = false;
    int status;

    for (;;) {
        pid_t got = waitpid(pid, &status, ended ? 0 : WNOHANG);

        if (got == pid)
            break;
        if (got < 0 && errno != EINTR)
            return 127;
        if (got == 0 && left_ms(deadline)) {
            nanosleep(&pause, NULL);
        } else if (got == 0) {
            kill(getpgid(pid) == pid ? -pid : pid, SIGKILL);
            ended = true;
        }
    }
    if (ended)
        return -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* Its text is shown nowhere: there may be a secret in it. */
static om_status from_command(struct cli *cli, const char *command, char **password)
{
    static const char target[] = "the password command";
    struct timespec deadline = deadline_in(cli->timeout_ms);
    char *argv[] = {strdup("sh"), strdup("-c"), strdup(command), NULL};
    char buf[PASSWORD_MAX + 1], why[64];
    om_status st;
    ssize_t n = -1;
    pid_t pid = -1;
    int fd = -1, code = 0;

    if (argv[0] && argv[1] && argv[2])
        fd = start(argv, false, &pid);
    if (fd >= 0) {
        n = read_all(fd, buf, &deadline);
        close(fd);
    }
    if (n >= 0 && (code = reap(pid, &deadline)) < 0) {
        errno = ETIMEDOUT;
        n = -1;
        pid = -1;
    }
    if (n < 0) {
        st = fail_errno(cli, target);
        if (pid > 0)
            reap(pid, &at_once);
    } else if (code != 0) {
        snprintf(why, sizeof why, "the command ended with exit code %d", code);
        st = fail(cli, MAPI_E_CALL_FAILED, OM_CAUSE_NO_CREDENTIALS, target, why);
    } else {
        st = first_line(cli, buf, (size_t)n, target, password);
    }
    explicit_bzero(buf, sizeof buf);
    for (size_t i = 0; i < 3; i++)
        free(argv[i]);
    return st;
}

/* ---- the secret service ---- */

/* Without a session bus there is none, and asking for one could start a bus that nobody serves. */
static bool has_session_bus(void)
{
    const char *address = getenv("DBUS_SESSION_BUS_ADDRESS");
    const char *dir = getenv("XDG_RUNTIME_DIR");
    char path[256];

    if (address && *address)
        return true;
    return dir && snprintf(path, sizeof path, "%s/bus", dir) < (int)sizeof path &&
           access(path, F_OK) == 0;
}

/*
 * Through libsecret's own command, secret-tool: a keyring that never answers then costs a child and
 * ten seconds, and the library costs nothing where it is not wanted. A password is stored with
 *     secret-tool store --label=onemapi service onemapi user USER
 */
static void from_secret_service(struct cli *cli, const char *user, char **password)
{
    char *argv[] = {strdup("secret-tool"),
                    strdup("lookup"),
                    strdup("service"),
                    strdup("onemapi"),
                    strdup("user"),
                    strdup(user),
                    NULL};
    struct timespec deadline;
    char buf[PASSWORD_MAX + 1];
    bool ready = true;
    ssize_t n = -1;
    pid_t pid;
    int fd;

    for (size_t i = 0; i < 6; i++)
        ready = ready && argv[i];
    deadline = deadline_in(SECRET_SERVICE_MS);
    fd = ready ? start(argv, true, &pid) : -1;
    if (fd >= 0) {
        n = read_all(fd, buf, &deadline);
        if (n < 0 && errno == ETIMEDOUT)
            cli_warn(cli, "the secret service did not answer within %d s",
                     SECRET_SERVICE_MS / 1000);
        close(fd);
        if (reap(pid, n < 0 ? &at_once : &deadline) == 0 && n > 0 &&
            first_line(cli, buf, (size_t)n, "", password) != OM_OK)
            om_error_clear(&cli->err);
    }
    explicit_bzero(buf, sizeof buf);
    for (size_t i = 0; i < 6; i++)
        free(argv[i]);
}

/* ---- the terminal ---- */

static struct termios terminal_before;
static int terminal_fd = -1;

/* Ctrl-C while the echo is off must not leave the terminal like that. */
static void on_interrupt(int sig)
{
    (void)sig;
    if (terminal_fd >= 0)
        tcsetattr(terminal_fd, TCSAFLUSH, &terminal_before);
    _exit(CLI_INTERRUPTED);
}

static om_status from_terminal(struct cli *cli, const char *user, char **password)
{
    struct sigaction handler = {.sa_handler = on_interrupt}, before_int, before_term;
    struct termios silent;
    char buf[PASSWORD_MAX + 1];
    size_t n = 0;
    om_status st;
    int fd = open("/dev/tty", O_RDWR | O_CLOEXEC);

    if (fd < 0 || tcgetattr(fd, &terminal_before) != 0) {
        if (fd >= 0)
            close(fd);
        return OM_OK; /* nobody to ask */
    }
    terminal_fd = fd;
    sigaction(SIGINT, &handler, &before_int);
    sigaction(SIGTERM, &handler, &before_term);
    silent = terminal_before;
    silent.c_lflag &= ~(tcflag_t)ECHO;
    tcsetattr(fd, TCSAFLUSH, &silent);
    dprintf(fd, "Password for %s: ", user);
    while (n < PASSWORD_MAX && read(fd, buf + n, 1) == 1 && buf[n] != '\n')
        n++;
    dprintf(fd, "\n");
    tcsetattr(fd, TCSAFLUSH, &terminal_before);
    terminal_fd = -1;
    sigaction(SIGINT, &before_int, NULL);
    sigaction(SIGTERM, &before_term, NULL);
    st = first_line(cli, buf, n, "the terminal", password);
    explicit_bzero(buf, sizeof buf);
    close(fd);
    return st;
}

/*
 * A password is tried for the identity it was given for and for no other: a few wrong ones lock an
 * account.
 */
static om_status no_http_password(struct cli *cli, const char *user)
{
    return fail(cli, MAPI_E_LOGON_FAILED, OM_CAUSE_NO_CREDENTIALS, user,
                "--http-user needs a password of its own: --http-password-file or "
                "--http-password-command");
}

om_status cli_password(struct cli *cli, enum cli_identity which, const char *user, char **password)
{
    bool http = which == CLI_IDENTITY_HTTP;
    const char *file = http ? cli->http_password_file : cli->password_file;
    const char *command = http ? cli->http_password_command : cli->password_command;
    om_status st = OM_OK;

    *password = NULL;
    hide_memory();
    if (cli->password_file && strcmp(cli->password_file, "-") == 0 && cli->http_password_file &&
        strcmp(cli->http_password_file, "-") == 0)
        return fail(cli, MAPI_E_INVALID_PARAMETER, OM_CAUSE_NO_CREDENTIALS, "standard input",
                    "it is read once, for one password: take another --http-password-file");
    if (file)
        return from_file(cli, file, password);
    if (command)
        return from_command(cli, command, password);
    if (has_session_bus())
        from_secret_service(cli, user, password);
    if (!*password && isatty(STDIN_FILENO))
        st = from_terminal(cli, user, password);
    if (st == OM_OK && http && !*password)
        return no_http_password(cli, user);
    return st;
}
