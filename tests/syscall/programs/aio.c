// Asynchronous I/O: requests of each kind, their events, errors, cancelling; and waiting for several futexes.
#include "check.h"

#include <linux/aio_abi.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>

static long setup(unsigned n, aio_context_t* ctx) { return syscall(SYS_io_setup, n, ctx); }
static long submit(aio_context_t ctx, long n, struct iocb** p) { return syscall(SYS_io_submit, ctx, n, p); }
static long events(aio_context_t ctx, long least, long most, struct io_event* e, struct timespec* t) {
  return syscall(SYS_io_getevents, ctx, least, most, e, t);
}

static char page[4096] __attribute__((aligned(4096)));
static uint32_t words[2];

struct waiter {
  uint64_t value, address;
  uint32_t flags, reserved;
};

static void* waker(void* unused) {
  usleep(20000);
  __atomic_store_n(&words[1], 1, __ATOMIC_SEQ_CST);
  syscall(SYS_futex, &words[1], FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
  return unused;
}

static void requests(aio_context_t ctx, int fd) {
  struct io_event e[8];
  char text[] = "asynchronous", part[6], rest[32] = "";
  struct iovec vectors[2] = {{part, 6}, {rest, 6}};
  struct iocb writes = {.aio_lio_opcode = IOCB_CMD_PWRITE, .aio_fildes = fd, .aio_data = 11};
  writes.aio_buf = (uintptr_t)text;
  writes.aio_nbytes = 12;
  struct iocb* one = &writes;
  SHOW(submit(ctx, 1, &one));
  SHOW(events(ctx, 1, 8, e, NULL));
  VALUE(e[0].data);
  VALUE(e[0].obj == (uintptr_t)&writes);
  VALUE(e[0].res);

  struct iocb reads = {.aio_lio_opcode = IOCB_CMD_PREADV, .aio_fildes = fd, .aio_data = 12};
  reads.aio_buf = (uintptr_t)vectors;
  reads.aio_nbytes = 2;
  struct iocb sync = {.aio_lio_opcode = IOCB_CMD_PREAD, .aio_fildes = fd, .aio_data = 13};
  sync.aio_buf = (uintptr_t)page;
  sync.aio_nbytes = 100;
  sync.aio_offset = 5;
  const int done = eventfd(0, 0);
  sync.aio_flags = IOCB_FLAG_RESFD;
  sync.aio_resfd = done;
  struct iocb* two[2] = {&reads, &sync};
  SHOW(submit(ctx, 2, two));
  SHOW(events(ctx, 2, 2, e, NULL));
  VALUE(e[0].data + e[1].data);
  VALUE(e[0].res + e[1].res);
  printf("%.6s|%s|%s\n", part, rest, page);
  uint64_t count = 0;
  SHOW(read(done, &count, 8));
  VALUE(count);
}

static void errors(aio_context_t ctx, int fd) {
  struct io_event e[2];
  struct timespec soon = {0, 1000000};
  aio_context_t other = 1;
  SHOW(setup(4, &other));
  other = 0;
  SHOW(setup(0, &other));
  SHOW(setup(4, BAD));
  SHOW(events(ctx, 1, 1, e, &soon));
  SHOW(events(ctx, 2, 1, e, &soon));
  SHOW(events(ctx + 4096 * 1000, 0, 1, e, &soon));
  struct iocb wrong = {.aio_lio_opcode = 99, .aio_fildes = fd};
  struct iocb* list[2] = {&wrong, NULL};
  SHOW(submit(ctx, 1, list));
  SHOW(submit(ctx, 1, BAD));
  SHOW(submit(ctx, -1, list));
  SHOW(submit(ctx, 0, list));
  wrong.aio_lio_opcode = IOCB_CMD_PREAD;
  wrong.aio_fildes = -1;
  SHOW(submit(ctx, 1, list));
  SHOW(syscall(SYS_io_cancel, ctx, &wrong, e));
  const pid_t child = fork();
  if (child == 0) _exit(submit(ctx, 0, list) == -1 ? errno : 0);
  int status = 0;
  waitpid(child, &status, 0);
  VALUE(WEXITSTATUS(status));
}

static void poll_and_cancel(aio_context_t ctx) {
  struct io_event e[2];
  int p[2];
  if (pipe(p) != 0) return;
  struct iocb poll = {.aio_lio_opcode = IOCB_CMD_POLL, .aio_fildes = p[0], .aio_buf = 1, .aio_data = 21};
  struct iocb* list[1] = {&poll};
  SHOW(submit(ctx, 1, list));
  if (write(p[1], "x", 1) != 1) return;
  SHOW(events(ctx, 1, 1, e, NULL));
  VALUE(e[0].data);
  VALUE(e[0].res & 1);
  if (read(p[0], page, 1) != 1) return;
  SHOW(submit(ctx, 1, list));
  SHOW(syscall(SYS_io_cancel, ctx, &poll, e));
  SHOW(events(ctx, 1, 1, e, NULL));
  VALUE(e[0].obj == (uintptr_t)&poll);
}

static void futexes(void) {
  struct waiter w[2] = {{0, (uintptr_t)&words[0], 2 | 128, 0}, {0, (uintptr_t)&words[1], 2 | 128, 0}};
  struct timespec past = {0, 1};
  SHOW(syscall(SYS_futex_waitv, w, 2, 0, &past, CLOCK_MONOTONIC));
  SHOW(syscall(SYS_futex_waitv, w, 0, 0, NULL, 0));
  SHOW(syscall(SYS_futex_waitv, w, 2, 1, NULL, 0));
  SHOW(syscall(SYS_futex_waitv, BAD, 2, 0, NULL, 0));
  w[0].value = 1;
  SHOW(syscall(SYS_futex_waitv, w, 2, 0, NULL, 0));
  w[0].value = 0;
  pthread_t thread;
  pthread_create(&thread, NULL, waker, NULL);
  SHOW(syscall(SYS_futex_waitv, w, 2, 0, NULL, 0));
  pthread_join(thread, NULL);
}

int main(void) {
  char name[] = "/tmp/xarch-aio-XXXXXX";
  const int fd = mkstemp(name);
  unlink(name);
  aio_context_t ctx = 0;
  SHOW(setup(8, &ctx));
  VALUE(ctx != 0 && *(volatile char*)ctx >= 0);  // libaio looks into it
  requests(ctx, fd);
  errors(ctx, fd);
  poll_and_cancel(ctx);
  SHOW(syscall(SYS_io_destroy, ctx));
  SHOW(syscall(SYS_io_destroy, ctx));
  futexes();
  return 0;
}
