// Calls that i386 alone has: ids of 16 bits, first forms of struct stat and struct utsname, readdir.
#include "check.h"

#include <sys/utsname.h>
#include <sys/wait.h>

// The last kernels' header has these under other names for the wide forms.
enum {
  kLchown = 16,
  kOldstat = 18,
  kSetuid = 23,
  kGetuid = 24,
  kOldfstat = 28,
  kSetgid = 46,
  kGetgid = 47,
  kGeteuid = 49,
  kGetegid = 50,
  kOldolduname = 59,
  kSetreuid = 70,
  kSetregid = 71,
  kGetgroups = 80,
  kSetgroups = 81,
  kOldlstat = 84,
  kReaddir = 89,
  kFchown = 95,
  kOlduname = 109,
  kSetfsuid = 138,
  kSetfsgid = 139,
  kSetresuid = 164,
  kGetresuid = 165,
  kSetresgid = 170,
  kGetresgid = 171,
  kChown = 182
};

struct old_stat {
  uint16_t dev, ino, mode, nlink, uid, gid, rdev;
  uint32_t size, atime, mtime, ctime;
};
struct dirent32 {
  uint32_t ino, offset;
  uint16_t length;
  char name[256];
};

static void ids(void) {
  uint16_t r, e, s;
  SHOW(syscall(kGetuid));
  SHOW(syscall(kGeteuid));
  SHOW(syscall(kGetgid));
  SHOW(syscall(kGetegid));
  SHOW(syscall(kGetresuid, &r, &e, &s));
  printf("%u %u %u\n", r, e, s);
  SHOW(syscall(kGetresgid, &r, &e, &s));
  printf("%u %u %u\n", r, e, s);
  SHOW(syscall(kGetresgid, &r, BAD, &s));
}

static void change(void) {
  uint16_t groups[4] = {1, 65535, 3, 4};
  SHOW(syscall(kSetgroups, 3, groups));
  groups[1] = 2;
  SHOW(syscall(kSetgroups, 3, groups));
  SHOW(syscall(kSetgroups, 3, BAD));
  SHOW(syscall(kSetgroups, 100000, groups));
  memset(groups, 0, sizeof groups);
  SHOW(syscall(kGetgroups, 0, BAD));
  SHOW(syscall(kGetgroups, 2, groups));
  SHOW(syscall(kGetgroups, -1, groups));
  SHOW(syscall(kGetgroups, 4, groups));
  printf("%u %u %u %u\n", groups[0], groups[1], groups[2], groups[3]);
  SHOW(syscall(kSetregid, 0xffff, 11));
  SHOW(syscall(kSetresgid, 12, 0x5000a, 0xffff));
  SHOW(syscall(kSetfsgid, 5));
  SHOW(syscall(kSetfsgid, 0xffff));
  SHOW(syscall(214 /* setgid32 */, 100000));
  ids();
  SHOW(syscall(kSetgid, 7));
  SHOW(syscall(kSetreuid, 0xffff, 0xffff));
  SHOW(syscall(kSetfsuid, 5));
  SHOW(syscall(kSetfsuid, 0xffff));
  SHOW(syscall(kSetresuid, 20, 70001, 22));
  ids();
  SHOW(syscall(kSetuid, 20));
  ids();
}

static void show_stat(const struct old_stat* s) {
  printf("%o %u %u %u %u %u\n", s->mode, s->nlink, s->uid, s->gid, s->rdev, s->size);
}

int main(void) {
  struct old_stat s;
  ids();
  const int fd = open("old", O_RDWR | O_CREAT, 0640);
  write(fd, "12345", 5);
  symlink("old", "link");
  // Inode numbers need not fit.
  const int fits = syscall(kOldfstat, fd, &s) == 0 || errno != EOVERFLOW;
  printf("%d\n", syscall(kOldstat, "/dev/null", &s) == 0 || errno == EOVERFLOW);
  if (fits) {
    SHOW(syscall(kOldfstat, fd, &s));
    show_stat(&s);
    SHOW(syscall(kOldstat, "link", &s));
    show_stat(&s);
  }
  SHOW(syscall(kOldstat, "none", &s));
  SHOW(syscall(kOldstat, BAD, &s));
  SHOW(syscall(kOldlstat, "none", &s));
  SHOW(syscall(kOldfstat, -1, &s));
  SHOW(syscall(kFchown, fd, 0xffff, 0xffff));
  SHOW(syscall(kChown, "link", 0xffff, 0xffff));
  SHOW(syscall(kLchown, "link", 0xffff, 0xffff));
  SHOW(syscall(kLchown, "none", 0xffff, 0xffff));
  // Names that the newer call gives, too.
  struct utsname now;
  char old[5][65], oldold[5][9];
  uname(&now);
  SHOW(syscall(kOlduname, old));
  VALUE(memcmp(old, &now, sizeof old));
  SHOW(syscall(kOldolduname, oldold));
  for (int i = 0; i < 5; ++i) VALUE(strncmp(oldold[i], old[i], 8));
  SHOW(syscall(kOldolduname, BAD));
  // One entry at a time.
  mkdir("directory", 0700);
  for (int i = 0; i < 40; ++i) {
    char name[64];
    sprintf(name, "directory/a-name-that-is-a-bit-longer-%d", i);
    close(creat(name, 0600));
  }
  const int directory = open("directory", O_RDONLY);
  struct dirent32 d;
  int entries = 0, sum = 0;
  while (syscall(kReaddir, directory, &d, 1) == 1) {
    ++entries;
    sum += d.length;
    if (strlen(d.name) != d.length) puts("length");
  }
  printf("%d entries, %d\n", entries, sum);
  SHOW(syscall(kReaddir, directory, &d, 1));
  SHOW(syscall(kReaddir, -1, &d, 1));
  SHOW(syscall(kReaddir, fd, &d, 1));
  lseek(directory, 0, SEEK_SET);
  SHOW(syscall(kReaddir, directory, BAD, 1));
  // Whether it is allowed or not.
  fflush(stdout);
  if (fork() == 0) {
    change();
    fflush(stdout);
    _exit(0);
  }
  wait(NULL);
  return 0;
}
