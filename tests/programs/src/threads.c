// Threads: mutexes, condition variables, thread-local storage, read-write locks, barriers, once,
// cancellation.
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { kThreads = 8, kRounds = 20000, kItems = 5000 };

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static long counter;
static _Atomic long atomic_counter;
static __thread long own_counter = 5;

static void* count(void* arg) {
  long step = (long)(intptr_t)arg;
  for (int i = 0; i < kRounds; i++) {
    pthread_mutex_lock(&mutex);
    counter += step;
    pthread_mutex_unlock(&mutex);
    atomic_fetch_add(&atomic_counter, step);
    own_counter++;
  }
  return (void*)(intptr_t)own_counter;
}

static void counting(void) {
  pthread_t threads[kThreads];
  long own = 0;
  for (int i = 0; i < kThreads; i++) pthread_create(&threads[i], NULL, count, (void*)(intptr_t)(i + 1));
  for (int i = 0; i < kThreads; i++) {
    void* result;
    pthread_join(threads[i], &result);
    own += (long)(intptr_t)result;
  }
  printf("mutex %ld atomic %ld thread-local %ld main %ld\n", counter, atomic_counter, own, own_counter);
}

// A bounded queue between producers and consumers.
static int queue[16], head, tail, produced, consumed_sum, done;
static pthread_mutex_t queue_mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t not_full = PTHREAD_COND_INITIALIZER, not_empty = PTHREAD_COND_INITIALIZER;

static void* produce(void* arg) {
  (void)arg;
  for (;;) {
    pthread_mutex_lock(&queue_mutex);
    while (tail - head == 16) pthread_cond_wait(&not_full, &queue_mutex);
    if (produced == kItems) {
      done = 1;
      pthread_cond_broadcast(&not_empty);
      pthread_mutex_unlock(&queue_mutex);
      return NULL;
    }
    queue[tail++ % 16] = ++produced;
    pthread_cond_signal(&not_empty);
    pthread_mutex_unlock(&queue_mutex);
  }
}

static void* consume(void* arg) {
  (void)arg;
  for (;;) {
    pthread_mutex_lock(&queue_mutex);
    while (tail == head && !done) pthread_cond_wait(&not_empty, &queue_mutex);
    if (tail == head) {
      pthread_mutex_unlock(&queue_mutex);
      return NULL;
    }
    consumed_sum += queue[head++ % 16] % 1000;
    pthread_cond_broadcast(&not_full);
    pthread_mutex_unlock(&queue_mutex);
  }
}

static void queueing(void) {
  pthread_t threads[6];
  for (int i = 0; i < 6; i++) pthread_create(&threads[i], NULL, i < 2 ? produce : consume, NULL);
  for (int i = 0; i < 6; i++) pthread_join(threads[i], NULL);
  printf("queue %d items, sum %d\n", produced, consumed_sum);
}

static int cleanups;
static sem_t started;

static void clean_up(void* arg) { cleanups += *(int*)arg; }

static void* to_be_cancelled(void* arg) {
  int how = (int)(intptr_t)arg, weight = how;
  pthread_cleanup_push(clean_up, &weight);
  sem_post(&started);
  if (how == 1) {
    for (;;) pause();
  } else if (how == 2) {
    pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, NULL);
    for (volatile long i = 0;; i++) {
    }
  } else {
    int pipe_ends[2];
    char byte;
    if (pipe(pipe_ends) != 0 || read(pipe_ends[0], &byte, 1) != 0) abort();
  }
  pthread_cleanup_pop(1);
  return NULL;
}

static void cancelling(void) {
  sem_init(&started, 0, 0);
  for (int how = 1; how <= 3; how++) {
    pthread_t thread;
    void* result;
    pthread_create(&thread, NULL, to_be_cancelled, (void*)(intptr_t)how);
    sem_wait(&started);
    usleep(2000);
    pthread_cancel(thread);
    pthread_join(thread, &result);
    printf("cancelled %d: %d, cleanups %d\n", how, result == PTHREAD_CANCELED, cleanups);
  }
}

static pthread_key_t key;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_barrier_t barrier;
static pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;
static _Atomic int destroyed, made, serial;
static int guarded;

static void destroy(void* value) { destroyed += (int)(intptr_t)value; }
static void make_key(void) {
  made++;
  pthread_key_create(&key, destroy);
}

static void* meet(void* arg) {
  pthread_once(&once, make_key);
  pthread_setspecific(key, arg);
  for (int i = 0; i < 50; i++) {
    if (pthread_barrier_wait(&barrier) == PTHREAD_BARRIER_SERIAL_THREAD) serial++;
    pthread_rwlock_wrlock(&rwlock);
    guarded++;
    pthread_rwlock_unlock(&rwlock);
    pthread_rwlock_rdlock(&rwlock);
    if (guarded <= 0) abort();
    pthread_rwlock_unlock(&rwlock);
  }
  return NULL;
}

static void meeting(void) {
  pthread_t threads[4];
  pthread_barrier_init(&barrier, NULL, 4);
  for (int i = 0; i < 4; i++) pthread_create(&threads[i], NULL, meet, (void*)(intptr_t)(i + 1));
  for (int i = 0; i < 4; i++) pthread_join(threads[i], NULL);
  printf("once %d keys %d barrier %d rwlock %d\n", made, destroyed, serial, guarded);
}

static void timed(void) {
  struct timespec until;
  clock_gettime(CLOCK_REALTIME, &until);
  until.tv_nsec += 5000000;
  if (until.tv_nsec >= 1000000000) until.tv_sec++, until.tv_nsec -= 1000000000;
  pthread_mutex_lock(&mutex);
  pthread_cond_t never = PTHREAD_COND_INITIALIZER;
  int result = pthread_cond_timedwait(&never, &mutex, &until);
  pthread_mutex_unlock(&mutex);
  printf("timed out %d\n", result == ETIMEDOUT);
}

int main(void) {
  counting();
  queueing();
  cancelling();
  meeting();
  timed();
  return 0;
}
