#include "check.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/un.h>

static void unix_pair(void) {
  int s[2];
  SHOW(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, s));
  VALUE(fcntl(s[0], F_GETFD));
  SHOW(send(s[0], "ping", 4, 0));
  char buffer[16] = {0};
  SHOW(recv(s[1], buffer, 16, MSG_PEEK));
  SHOW(recv(s[1], buffer, 16, 0));
  puts(buffer);
  SHOW(recv(s[1], buffer, 16, MSG_DONTWAIT));
  // A descriptor and two pieces of data.
  int p[2];
  if (pipe(p) != 0) exit(1);
  union {
    char bytes[CMSG_SPACE(sizeof(int))];
    struct cmsghdr align;
  } control;
  struct iovec iov[2] = {{"one", 3}, {"two", 3}};
  struct msghdr m = {
      .msg_iov = iov, .msg_iovlen = 2, .msg_control = &control, .msg_controllen = sizeof control};
  struct cmsghdr* c = CMSG_FIRSTHDR(&m);
  c->cmsg_level = SOL_SOCKET;
  c->cmsg_type = SCM_RIGHTS;
  c->cmsg_len = CMSG_LEN(sizeof(int));
  memcpy(CMSG_DATA(c), &p[1], sizeof(int));
  SHOW(sendmsg(s[0], &m, 0));
  memset(&control, 0, sizeof control);
  struct iovec in = {buffer, sizeof buffer};
  struct msghdr r = {
      .msg_iov = &in, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
  SHOW(recvmsg(s[1], &r, MSG_CMSG_CLOEXEC));
  printf("%.6s\n", buffer);
  VALUE(r.msg_controllen);
  c = CMSG_FIRSTHDR(&r);
  int passed;
  memcpy(&passed, CMSG_DATA(c), sizeof(int));
  SHOW(write(passed, "via", 3));
  SHOW(read(p[0], buffer, 16));
  SHOW(recvmsg(s[1], BAD, 0));
  SHOW(shutdown(s[0], SHUT_WR));
  SHOW(recv(s[1], buffer, 16, 0));
  int type = 0;
  socklen_t length = sizeof type;
  SHOW(getsockopt(s[0], SOL_SOCKET, SO_TYPE, &type, &length));
  VALUE(type);
  VALUE(length);
  signal(SIGPIPE, SIG_IGN);
  close(s[1]);
  SHOW(send(s[0], "x", 1, MSG_NOSIGNAL));
}

static void tcp(void) {
  int l = socket(AF_INET, SOCK_STREAM, 0);
  int one = 1;
  SHOW(setsockopt(l, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one));
  struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  SHOW(bind(l, (struct sockaddr*)&a, sizeof a));
  SHOW(listen(l, 1));
  socklen_t length = sizeof a;
  SHOW(getsockname(l, (struct sockaddr*)&a, &length));
  VALUE(length);
  VALUE(a.sin_port != 0);
  int c = socket(AF_INET, SOCK_STREAM, 0);
  SHOW(connect(c, (struct sockaddr*)&a, sizeof a));
  struct sockaddr_in peer;
  length = sizeof peer;
  int s = accept4(l, (struct sockaddr*)&peer, &length, SOCK_NONBLOCK);
  WORKS(s);
  VALUE(ntohl(peer.sin_addr.s_addr) == INADDR_LOOPBACK);
  VALUE((fcntl(s, F_GETFL) & O_NONBLOCK) != 0);
  SHOW(setsockopt(c, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one));
  char buffer[16];
  SHOW(recv(s, buffer, 16, 0));
  SHOW(write(c, "data", 4));
  SHOW(accept(c, NULL, NULL));
  struct sockaddr_in nowhere = {
      .sin_family = AF_INET, .sin_port = htons(1), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  SHOW(connect(socket(AF_INET, SOCK_STREAM, 0), (struct sockaddr*)&nowhere, sizeof nowhere));
  SHOW(connect(c, BAD, sizeof a));
  SHOW(socket(12345, SOCK_STREAM, 0));
}

static void udp(void) {
  int s = socket(AF_INET, SOCK_DGRAM, 0);
  struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)}, from;
  SHOW(bind(s, (struct sockaddr*)&a, sizeof a));
  socklen_t length = sizeof a;
  getsockname(s, (struct sockaddr*)&a, &length);
  struct iovec iov[2] = {{"first", 5}, {"second", 6}};
  struct mmsghdr out[2] = {0}, in[2] = {0};
  for (int i = 0; i < 2; ++i) {
    out[i].msg_hdr.msg_iov = &iov[i];
    out[i].msg_hdr.msg_iovlen = 1;
    out[i].msg_hdr.msg_name = &a;
    out[i].msg_hdr.msg_namelen = sizeof a;
  }
  SHOW(sendmmsg(s, out, 2, 0));
  VALUE(out[1].msg_len);
  SHOW(sendto(s, "third", 5, 0, (struct sockaddr*)&a, sizeof a));
  char b[2][16];
  struct iovec to[2] = {{b[0], 16}, {b[1], 16}};
  for (int i = 0; i < 2; ++i) {
    in[i].msg_hdr.msg_iov = &to[i];
    in[i].msg_hdr.msg_iovlen = 1;
  }
  SHOW(recvmmsg(s, in, 2, MSG_WAITFORONE, NULL));
  printf("%.*s %.*s\n", (int)in[0].msg_len, b[0], (int)in[1].msg_len, b[1]);
  length = sizeof from;
  SHOW(recvfrom(s, b[0], 16, 0, (struct sockaddr*)&from, &length));
  VALUE(from.sin_port == a.sin_port);
  VALUE(length);
}

// The descriptor is looked at before what the arguments point to.
static void wrong_descriptors(void) {
  const int file = open("/dev/null", O_RDWR);
  struct sockaddr name;
  socklen_t negative = -1;
  const int bad[] = {-1, file};
  for (int i = 0; i < 2; ++i) {
    SHOW(accept(bad[i], &name, &negative));
    SHOW(getsockname(bad[i], &name, &negative));
    SHOW(getpeername(bad[i], BAD, BAD));
    SHOW(recvfrom(bad[i], &name, 1, 0, &name, &negative));
    SHOW(getsockopt(bad[i], SOL_SOCKET, SO_ERROR, BAD, BAD));
    SHOW(getsockopt(bad[i], SOL_SOCKET, SO_ERROR, &name, &negative));
    SHOW(recvmmsg(bad[i], NULL, 0, 0, NULL));
    SHOW(sendmmsg(bad[i], NULL, 0, 0));
  }
  close(file);
}

int main(void) {
  wrong_descriptors();
  unix_pair();
  tcp();
  udp();
  return 0;
}
