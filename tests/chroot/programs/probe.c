// A static guest program that needs nothing around it: what it was given, and execve in several ways.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

extern char** environ;

static void show(int argc, char** argv) {
  for (int i = 0; i < argc; i++) printf("%s%s", i ? " " : "", argv[i]);
  char exe[256];
  const ssize_t n = readlink("/proc/self/exe", exe, sizeof exe);
  printf("; execfn %s; exe %.*s; secure %lu\n", (char*)getauxval(AT_EXECFN), n < 0 ? 1 : (int)n,
         n < 0 ? "-" : exe, getauxval(AT_SECURE));
  fflush(stdout);
}

// Runs fn in a child and says how it ended.
static void in_child(const char* what, void (*fn)(void)) {
  fflush(stdout);
  const pid_t pid = fork();
  if (pid == 0) {
    fn();
    printf("%s: %s\n", what, strerror(errno));
    fflush(stdout);
    _exit(99);
  }
  int status;
  waitpid(pid, &status, 0);
  printf("%s: status %d\n", what, WEXITSTATUS(status));
}

static char* kArgs[] = {"name", "show", "x y", NULL};
static void by_path(void) { execve("/probe", kArgs, environ); }
static void by_relative(void) { execve("probe", kArgs, environ); }
static void by_descriptor(void) { fexecve(open("/probe", O_RDONLY), kArgs, environ); }
static void by_path_descriptor(void) { fexecve(open("/probe", O_PATH), kArgs, environ); }
static void by_directory(void) { execveat(open("/", O_PATH | O_DIRECTORY), "probe", kArgs, environ, 0); }
static void by_script(void) { execve("/script", kArgs, environ); }
static void missing(void) { execve("/nowhere", kArgs, environ); }
static void after_chroot(void) {
  if (chroot("/inner") != 0 || chdir("/") != 0) return;
  execve("/probe", kArgs, environ);
}
static void after_vfork_chroot(void) {
  const pid_t pid = vfork();
  if (pid == 0) {
    if (chroot("/inner") == 0 && chdir("/") == 0) execve("/probe", kArgs, environ);
    _exit(98);
  }
  int status;
  waitpid(pid, &status, 0);
  if (WEXITSTATUS(status) != 3) _exit(WEXITSTATUS(status));
  // The parent is where it was.
  execve("/probe", kArgs, environ);
}
static void after_closing(void) {
  if (chroot("/inner") != 0 || chdir("/") != 0) return;
  for (int fd = 3; fd < 1100; fd++) close(fd);
  close_range(3, ~0u, 0);
  execve("/probe", kArgs, environ);
}
static void after_umount(void) {
  if (umount2("/proc", MNT_DETACH) != 0 && errno != EINVAL) return;
  execve("/probe", kArgs, environ);
}

int main(int argc, char** argv) {
  show(argc, argv);
  if (argc > 1 && strcmp(argv[1], "show") == 0) return 3;
  in_child("path", by_path);
  in_child("relative", by_relative);
  in_child("descriptor", by_descriptor);
  in_child("path descriptor", by_path_descriptor);
  in_child("directory", by_directory);
  in_child("script", by_script);
  in_child("missing", missing);
  in_child("chroot", after_chroot);
  in_child("vfork and chroot", after_vfork_chroot);
  in_child("chroot and closing", after_closing);
  in_child("umount", after_umount);
  in_child("path", by_path);
  return 0;
}
