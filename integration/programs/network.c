// A server that answers as it is told, badly if need be, and what a service says to its supervisor.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "probe.h"

static void rest(long milliseconds) {
    struct timespec left = {milliseconds / 1000, milliseconds % 1000 * 1000000};
    while (nanosleep(&left, &left) != 0) {
    }
}

// --- serve ---------------------------------------------------------------------------------------

static int listener(const char* address, long port) {
    struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port)};
    struct sockaddr_in four = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    const int is_six = inet_pton(AF_INET6, address, &six.sin6_addr) == 1;
    if (!is_six && inet_pton(AF_INET, address, &four.sin_addr) != 1) {
        fprintf(stderr, "probe: not an address: %s\n", address);
        exit(125);
    }
    const int fd = socket(is_six ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    must(fd, "socket");
    const int yes = 1;
    must(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes), "SO_REUSEADDR");
    const struct sockaddr* where = is_six ? (struct sockaddr*)&six : (struct sockaddr*)&four;
    must(bind(fd, where, is_six ? sizeof six : sizeof four), "bind");
    must(listen(fd, 64), "listen");
    return fd;
}

static void send_all(int fd, const char* text, size_t length) {
    while (length > 0) {
        const ssize_t sent = send(fd, text, length, MSG_NOSIGNAL);
        if (sent <= 0) {
            exit(0);  // whoever asked has gone
        }
        text += sent;
        length -= (size_t)sent;
    }
}

static void await_end(int fd) {
    char bytes[4096];
    while (recv(fd, bytes, sizeof bytes, 0) > 0) {
    }
}

static void answer_huge(int fd) {
    static char block[1 << 16];
    memset(block, 'x', sizeof block);
    const char head[] = "HTTP/1.1 200 OK\r\nX-Long: ";
    send_all(fd, head, sizeof head - 1);
    for (int i = 0; i < 160; ++i) {  // 10 MiB
        send_all(fd, block, sizeof block);
    }
}

static _Noreturn void answer(int fd, const char* how) {
    if (strcmp(how, "close") == 0) {
        exit(0);
    }
    if (strcmp(how, "hang") == 0) {
        await_end(fd);
        exit(0);
    }
    char request[4096];
    const ssize_t got = recv(fd, request, sizeof request - 1, 0);
    if (got <= 0) {
        exit(0);  // a tcp probe asks nothing
    }
    request[got] = '\0';
    printf("{\"request\":");
    say_text(request);
    printf("}\n");
    fflush(stdout);
    static const char good[] = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
    if (strcmp(how, "cut") == 0 || strcmp(how, "half") == 0) {
        send_all(fd, good, 10);
        if (strcmp(how, "half") == 0) {
            await_end(fd);
        }
    } else if (strcmp(how, "drip") == 0) {
        for (size_t i = 0; i + 1 < sizeof good; ++i) {
            send_all(fd, good + i, 1);
            rest(100);
        }
    } else if (strcmp(how, "huge") == 0) {
        answer_huge(fd);
    } else if (strcmp(how, "garbage") == 0) {
        send_all(fd, "SSH-2.0-OpenSSH_9.2\r\n", 21);
    } else {
        char text[64];
        const int length = snprintf(text, sizeof text,
                                    "HTTP/1.1 %ld Whatever\r\nContent-Length: 0\r\n\r\n", number(how));
        send_all(fd, text, (size_t)length);
    }
    exit(0);
}

// Each connection gets the next of the answers, the last one all that follow, from a child of its
// own: who hangs on one keeps no other waiting.
static void act_serve(char** w) {
    const int fd = listener(w[0], number(w[1]));
    signal(SIGCHLD, SIG_IGN);
    printf("{\"serving\":%s,\"pid\":%d}\n", w[1], getpid());
    fflush(stdout);
    char* next = strdup(w[2]);
    for (;;) {
        const int accepted = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
        if (accepted < 0) {
            continue;
        }
        char* comma = strchr(next, ',');
        if (comma != NULL) {
            *comma = '\0';
        }
        const pid_t pid = fork();
        must(pid, "fork");
        if (pid == 0) {
            close(fd);
            answer(accepted, next);
        }
        close(accepted);
        if (comma != NULL) {
            next = comma + 1;
        }
    }
}

// --- sd_notify(3) --------------------------------------------------------------------------------

static void send_notice(const char* to, const char* text, size_t length, size_t files) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const size_t size = strlen(to);
    if (size == 0 || size >= sizeof address.sun_path) {
        fprintf(stderr, "probe: not a socket's name: '%s'\n", to);
        exit(125);
    }
    memcpy(address.sun_path, to, size);
    if (to[0] == '@') {
        address.sun_path[0] = '\0';
    }
    const int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    must(fd, "socket");
    struct iovec data = {(void*)text, length};
    union {
        struct cmsghdr header;
        char room[CMSG_SPACE(250 * sizeof(int))];
    } control = {0};
    struct msghdr message = {
        .msg_name = &address,
        .msg_namelen = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + size),
        .msg_iov = &data,
        .msg_iovlen = 1,
    };
    if (files > 0) {
        message.msg_control = &control;
        message.msg_controllen = CMSG_SPACE(files * sizeof(int));
        control.header = (struct cmsghdr){
            .cmsg_len = CMSG_LEN(files * sizeof(int)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
        for (size_t i = 0; i < files; ++i) {
            memcpy(CMSG_DATA(&control.header) + i * sizeof(int), &fd, sizeof fd);
        }
    }
    must((int)sendmsg(fd, &message, MSG_NOSIGNAL), to);
    close(fd);
}

static const char* notify_socket(void) {
    const char* name = getenv("NOTIFY_SOCKET");
    if (name == NULL) {
        fprintf(stderr, "probe: there is no NOTIFY_SOCKET\n");
        exit(125);
    }
    return name;
}

static void act_notify(char** w) {
    send_notice(notify_socket(), w[0], strlen(w[0]), 0);
}

static void act_notify_at(char** w) {
    send_notice(w[0], w[1], strlen(w[1]), 0);
}

static void act_notify_long(char** w) {
    const size_t length = (size_t)number(w[0]);
    char* text = malloc(length + 1);
    memset(text, 'x', length);
    memcpy(text, "READY=1\n", 8);
    send_notice(notify_socket(), text, length, 0);
    free(text);
}

static void act_notify_files(char** w) {
    send_notice(notify_socket(), w[1], strlen(w[1]), (size_t)number(w[0]));
}

// Every so often, for ever.
static void act_notify_every(char** w) {
    for (;;) {
        send_notice(notify_socket(), w[1], strlen(w[1]), 0);
        rest(number(w[0]));
    }
}

static void act_write_fd(char** w) {
    const size_t length = strlen(w[1]);
    must(write((int)number(w[0]), w[1], length) == (ssize_t)length ? 0 : -1, "write");
}

// For a test that decides when it goes on.
static void act_await(char** w) {
    while (access(w[0], F_OK) != 0) {
        rest(10);
    }
}

static void act_exists(char** w) {
    if (access(w[0], F_OK) != 0) {
        printf("%s is not there\n", w[0]);
        exit(1);
    }
}

const struct act kNetworkActs[] = {
    {"serve", 3, act_serve,
     "ADDRESS PORT ANSWER,...: an HTTP status, or hang close half cut drip huge garbage"},
    {"notify", 1, act_notify, "TEXT: to NOTIFY_SOCKET"},
    {"notify-at", 2, act_notify_at, "SOCKET TEXT"},
    {"notify-long", 1, act_notify_long, "BYTES: READY=1, and so many in all"},
    {"notify-files", 2, act_notify_files, "N TEXT: with N descriptors attached"},
    {"notify-every", 2, act_notify_every, "MS TEXT: over and over"},
    {"write-fd", 2, act_write_fd, "FD TEXT"},
    {"await", 1, act_await, "FILE: until it is there"},
    {"exists", 1, act_exists, "FILE: else exit 1, and say so"},
    {NULL, 0, NULL, NULL},
};
