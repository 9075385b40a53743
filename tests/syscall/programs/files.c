#include "check.h"

#include <dirent.h>
#include <sys/file.h>
#include <sys/statfs.h>
#include <sys/uio.h>
#include <sys/xattr.h>

static void show_stat(const char* what, const struct stat* st) {
  printf("%s: mode %o nlink %ld size %ld blksize %ld uid %d same-dev %d\n", what, st->st_mode,
         (long)st->st_nlink, (long)st->st_size, (long)st->st_blksize, st->st_uid == getuid(),
         st->st_dev != 0);
}

static void names(void) {
  struct stat st;
  SHOW(mkdir("d", 0755));
  SHOW(mkdir("d", 0755));
  int fd = open("d/f", O_RDWR | O_CREAT | O_EXCL, 0640);
  WORKS(fd);
  SHOW(open("d/f", O_RDWR | O_CREAT | O_EXCL, 0640));
  SHOW(write(fd, "hello, world", 12));
  SHOW(fstat(fd, &st));
  show_stat("f", &st);
  SHOW(link("d/f", "d/g"));
  SHOW(symlink("f", "d/s"));
  SHOW(lstat("d/s", &st));
  VALUE(S_ISLNK(st.st_mode));
  SHOW(stat("d/s", &st));
  show_stat("s", &st);
  char buffer[64] = {0};
  SHOW(readlink("d/s", buffer, sizeof buffer));
  puts(buffer);
  SHOW(readlink("d/s", buffer, 0));
  SHOW(open("d/s", O_RDONLY | O_NOFOLLOW));
  SHOW(open("d/f", O_RDONLY | O_DIRECTORY));
  int dir = open("d", O_RDONLY | O_DIRECTORY);
  WORKS(dir);
  VALUE((fcntl(dir, F_GETFL) & (O_DIRECTORY | O_ACCMODE | O_NOFOLLOW | O_DIRECT)) == O_DIRECTORY);
  SHOW(fstatat(dir, "f", &st, 0));
  SHOW(fstatat(dir, "nothing", &st, 0));
  SHOW(fstatat(dir, "", &st, AT_EMPTY_PATH));
  VALUE(S_ISDIR(st.st_mode));
  SHOW(faccessat(dir, "f", R_OK, 0));
  SHOW(faccessat(dir, "nothing", R_OK, 0));
  SHOW(renameat(dir, "g", dir, "h"));
  SHOW(renameat2(dir, "h", dir, "f", RENAME_NOREPLACE));
  SHOW(fchmodat(dir, "h", 0600, 0));
  SHOW(stat("d/h", &st));
  show_stat("h", &st);
  struct timespec times[2] = {{1000, 5}, {2000, 7}};
  SHOW(utimensat(dir, "f", times, 0));
  SHOW(stat("d/f", &st));
  VALUE(st.st_atim.tv_sec);
  VALUE(st.st_mtim.tv_nsec);
  struct statx x;
  SHOW(statx(dir, "f", 0, STATX_BASIC_STATS, &x));
  VALUE(x.stx_size);
  VALUE(x.stx_mtime.tv_sec);
  int count = 0;
  DIR* d = opendir("d");
  for (struct dirent* e; (e = readdir(d)) != NULL;) count += e->d_name[0] != '.';
  closedir(d);
  VALUE(count);
  SHOW(rmdir("d"));
  SHOW(unlinkat(dir, "h", 0));
  SHOW(unlinkat(dir, "s", 0));
  SHOW(unlinkat(dir, "f", 0));
  SHOW(unlinkat(AT_FDCWD, "d", AT_REMOVEDIR));
  close(dir);
  close(fd);
  SHOW(fstat(fd, &st));
}

static void data(void) {
  int fd = open("data", O_RDWR | O_CREAT | O_TRUNC, 0600);
  char buffer[64] = {0};
  SHOW(pwrite(fd, "0123456789", 10, 5));
  SHOW(lseek(fd, 0, SEEK_END));
  SHOW(lseek(fd, -3, SEEK_CUR));
  SHOW(read(fd, buffer, 64));
  puts(buffer);
  SHOW(lseek(fd, -30, SEEK_CUR));
  SHOW(pread(fd, buffer, 3, 6));
  printf("%.3s\n", buffer);
  struct iovec iov[3] = {{"abc", 3}, {"", 0}, {"defg", 4}};
  SHOW(lseek(fd, 0, SEEK_SET));
  SHOW(writev(fd, iov, 3));
  SHOW(lseek(fd, 0, SEEK_SET));
  char a[2], b[8] = {0};
  struct iovec in[2] = {{a, 2}, {b, 5}};
  SHOW(readv(fd, in, 2));
  printf("%.2s %s\n", a, b);
  SHOW(preadv(fd, in, 2, 1));
  printf("%.2s %s\n", a, b);
  SHOW(readv(fd, in, -1));
  SHOW(ftruncate(fd, 3));
  SHOW(lseek(fd, 0, SEEK_END));
  SHOW(fallocate(fd, 0, 0, 8192));
  SHOW(lseek(fd, 0, SEEK_END));
  SHOW(flock(fd, LOCK_EX | LOCK_NB));
  struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 1, .l_len = 2};
  SHOW(fcntl(fd, F_SETLK, &lock));
  SHOW(fcntl(fd, F_GETLK, &lock));
  VALUE(lock.l_type);
  VALUE(fcntl(fd, F_GETFD));
  SHOW(fcntl(fd, F_SETFD, FD_CLOEXEC));
  VALUE(fcntl(fd, F_GETFD));
  SHOW(fcntl(fd, F_SETFL, O_APPEND | O_NONBLOCK));
  VALUE((fcntl(fd, F_GETFL) & (O_APPEND | O_NONBLOCK)) == (O_APPEND | O_NONBLOCK));
  int copy = fcntl(fd, F_DUPFD_CLOEXEC, 100);
  VALUE(copy);
  SHOW(dup2(fd, 101));
  SHOW(dup3(fd, fd, 0));
  SHOW(dup3(fd, 102, O_CLOEXEC));
  VALUE(fcntl(102, F_GETFD));
  SHOW(fsync(fd));
  struct statfs fs;
  SHOW(fstatfs(fd, &fs));
  VALUE(fs.f_namelen);
  SHOW(unlink("data"));
}

static void faults(void) {
  int p[2];
  SHOW(pipe2(p, O_CLOEXEC | O_NONBLOCK));
  VALUE(fcntl(p[0], F_GETFD));
  char c;
  SHOW(read(p[0], &c, 1));
  SHOW(write(p[1], BAD, 1));
  SHOW(write(p[1], "x", 1));
  SHOW(read(p[0], BAD, 1));
  SHOW(write(-1, "x", 1));
  SHOW(syscall(SYS_pipe2, BAD, 0));
  SHOW(open(BAD, O_RDONLY));
  SHOW(open("", O_RDONLY));
  SHOW(open("/no/such/file", O_RDONLY));
  char long_name[5000];
  memset(long_name, 'a', sizeof long_name);
  long_name[4999] = 0;
  SHOW(open(long_name, O_RDONLY));
  SHOW(syscall(SYS_newfstatat, AT_FDCWD, ".", BAD, 0));
  SHOW(syscall(SYS_getcwd, BAD, 100));
  SHOW(syscall(SYS_getcwd, long_name, 1));
  SHOW(read(p[0], (void*)-8, 16));
  SHOW(syscall(SYS_writev, p[1], BAD, 1));
  SHOW(close(p[0]));
  SHOW(close(p[0]));
}

// A struct that is larger than the kernel's is taken if the rest of it asks for nothing.
static void larger_structs(void) {
  uint64_t how[600] = {O_RDONLY};
  WORKS(syscall(SYS_openat2, AT_FDCWD, ".", how, 24));
  WORKS(syscall(SYS_openat2, AT_FDCWD, ".", how, 27));
  WORKS(syscall(SYS_openat2, AT_FDCWD, ".", how, 64));
  SHOW(syscall(SYS_openat2, AT_FDCWD, ".", how, 16));
  SHOW(syscall(SYS_openat2, AT_FDCWD, ".", how, 4104));
  how[4] = 1;
  SHOW(syscall(SYS_openat2, AT_FDCWD, ".", how, 64));
}

int main(void) {
  umask(022);
  VALUE(umask(022));
  names();
  data();
  faults();
  larger_structs();
  return 7;
}
