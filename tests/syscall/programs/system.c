#include "check.h"

#include <dirent.h>
#include <mqueue.h>
#include <sched.h>
#include <sys/auxv.h>
#include <sys/ipc.h>
#include <sys/mount.h>
#include <sys/msg.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/sem.h>
#include <sys/sysinfo.h>
#include <sys/times.h>
#include <sys/utsname.h>
#include <time.h>

static char* own_file(const char* path, size_t* bytes) {
  static char text[65536];
  int fd = open(path, O_RDONLY);
  ssize_t n = read(fd, text, sizeof text - 1);
  close(fd);
  text[n < 0 ? 0 : n] = 0;
  *bytes = n < 0 ? 0 : (size_t)n;
  return text;
}

static void proc(int argc, char** argv) {
  size_t bytes;
  char* text = own_file("/proc/self/cmdline", &bytes);
  VALUE(bytes == strlen(argv[0]) + 1 + strlen(argv[1]) + 1);
  VALUE(strcmp(text, argv[0]));
  puts(text + strlen(text) + 1);
  VALUE(argc);
  text = own_file("/proc/self/maps", &bytes);
  VALUE(strstr(text, "[stack]") != NULL);
  unsigned long here = (unsigned long)&proc, start, end;
  int found = 0;
  for (char* line = strtok(text, "\n"); line != NULL; line = strtok(NULL, "\n")) {
    char perms[8] = "";
    char* name = strrchr(line, '/');
    if (sscanf(line, "%lx-%lx %7s", &start, &end, perms) == 3 && here >= start && here < end)
      found = strcmp(perms, "r-xp") == 0 && name != NULL && strcmp(name, strrchr(argv[0], '/')) == 0;
  }
  VALUE(found);
  char exe[4096] = "";
  VALUE(readlink("/proc/self/exe", exe, sizeof exe) > 0);
  VALUE(strcmp(strrchr(exe, '/'), strrchr(argv[0], '/')));
  int fd = open("/proc/self/exe", O_RDONLY);
  unsigned char head[20];
  VALUE(read(fd, head, 20));
  VALUE(head[1] == 'E');
  text = own_file("/proc/self/auxv", &bytes);
  unsigned long* aux = (unsigned long*)text;
  unsigned long entry = 0;
  for (; aux[0] != 0; aux += 2)
    if (aux[0] == AT_ENTRY) entry = aux[1];
  VALUE(entry == getauxval(AT_ENTRY));
  VALUE(getauxval(AT_PAGESZ));
  VALUE(getauxval(AT_UID) == getuid());
  VALUE(strcmp((char*)getauxval(AT_EXECFN), argv[0]));
}

// A mount namespace of its own; and what a process sees of its descriptors from then on: no one else's.
static void namespaces(void) {
  fflush(stdout);
  if (fork() != 0) {
    wait(NULL);
    return;
  }
  const int own = unshare(CLONE_NEWUSER | CLONE_NEWNS);
  SHOW(own == 0 ? mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) : own);
  SHOW(own == 0 ? mount(NULL, "/", NULL, MS_SLAVE, BAD) : own);
  DIR* directory = opendir("/proc/self/fd");
  int count = 0, last = -1;
  for (struct dirent* e; (e = readdir(directory)) != NULL;) {
    if (e->d_name[0] == '.') continue;
    ++count;
    if (atoi(e->d_name) > last) last = atoi(e->d_name);
  }
  VALUE(count);
  VALUE(last == dirfd(directory));
  fflush(stdout);
  _exit(0);
}

int main(int argc, char** argv) {
  struct utsname u;
  SHOW(uname(&u));
  puts(u.sysname);
  SHOW(syscall(SYS_uname, BAD));
  VALUE(getpid() == syscall(SYS_gettid));
  VALUE(getppid() > 0);
  struct rlimit limit, old;
  SHOW(getrlimit(RLIMIT_NOFILE, &limit));
  limit.rlim_cur = 64;
  SHOW(setrlimit(RLIMIT_NOFILE, &limit));
  SHOW(prlimit(0, RLIMIT_NOFILE, NULL, &old));
  VALUE(old.rlim_cur);
  SHOW(dup2(0, 64));
  SHOW(getrlimit(100, &limit));
  limit.rlim_cur = limit.rlim_max = 1ul << 40;
  SHOW(setrlimit(RLIMIT_AS, &limit));
  SHOW(getrlimit(RLIMIT_AS, &old));
  VALUE(old.rlim_cur == 1ul << 40);
  struct sysinfo info;
  SHOW(sysinfo(&info));
  VALUE(info.totalram > 0);
  struct rusage usage;
  SHOW(getrusage(RUSAGE_SELF, &usage));
  SHOW(getrusage(1000, &usage));
  struct tms tms;
  VALUE(times(&tms) > 0);
  unsigned char random[32];
  SHOW(getrandom(random, 32, 0));
  SHOW(getrandom(random, 32, 0x1000));
  SHOW(prctl(PR_SET_NAME, "renamed-program-long"));
  char name[17] = "";
  SHOW(prctl(PR_GET_NAME, name));
  puts(name);
  SHOW(prctl(PR_GET_DUMPABLE));
  SHOW(prctl(123456));
  cpu_set_t cpus;
  VALUE(sched_getaffinity(0, sizeof cpus, &cpus));
  VALUE(CPU_COUNT(&cpus) > 0);
  SHOW(sched_yield());
  SHOW(sched_getscheduler(0));
  SHOW(sched_get_priority_max(SCHED_FIFO));
  SHOW(getpriority(PRIO_PROCESS, 0));
  VALUE(getgroups(0, NULL) >= 0);
  uid_t r, e, s;
  SHOW(getresuid(&r, &e, &s));
  VALUE(r == getuid() && e == geteuid());
  SHOW(getpgid(-5));
  struct timespec t;
  SHOW(clock_getres(CLOCK_MONOTONIC, &t));
  VALUE(time(NULL) > 1000000000);
  SHOW(syscall(4000));
  SHOW(personality(0xffffffff));
  SHOW(personality(ADDR_NO_RANDOMIZE));
  SHOW(personality(0xffffffff));
  if (fork() == 0) {
    SHOW(personality(0xffffffff));
    fflush(stdout);
    _exit(0);
  }
  wait(NULL);
  SHOW(personality(PER_LINUX));

  int sem = semget(IPC_PRIVATE, 2, IPC_CREAT | 0600);
  unsigned short values[2] = {3, 4};
  SHOW(semctl(sem, 0, SETALL, values));
  struct sembuf op = {1, -1, IPC_NOWAIT};
  SHOW(semop(sem, &op, 1));
  SHOW(semctl(sem, 1, GETVAL));
  struct semid_ds ds;
  SHOW(semctl(sem, 0, IPC_STAT, &ds));
  VALUE(ds.sem_nsems);
  SHOW(semctl(sem, 0, IPC_RMID));
  int queue = msgget(IPC_PRIVATE, IPC_CREAT | 0600);
  struct {
    long type;
    char text[8];
  } message = {2, "letter"};
  SHOW(msgsnd(queue, &message, 7, 0));
  memset(&message, 0, sizeof message);
  SHOW(msgrcv(queue, &message, 8, 2, IPC_NOWAIT));
  puts(message.text);
  SHOW(msgrcv(queue, &message, 8, 2, IPC_NOWAIT));
  SHOW(msgctl(queue, IPC_RMID, NULL));
  namespaces();
  proc(argc, argv);
  return 3;
}
