// A console program for Windows: arguments, numbers as text, a file, threads and the events between them,
// memory whose protection is violated.
#include <stdio.h>
#include <stdlib.h>
#include <windows.h>

static HANDLE ready;
static LONG turns;

static DWORD WINAPI worker(void* argument) {
  for (int i = 0; i < 1000; i++) InterlockedIncrement(&turns);
  SetEvent(ready);
  return (DWORD)(UINT_PTR)argument * 2;
}

static volatile unsigned faults;
static char* volatile page;  // known to the handler before it is needed

static LONG CALLBACK on_fault(EXCEPTION_POINTERS* e) {
  if (e->ExceptionRecord->ExceptionCode != EXCEPTION_ACCESS_VIOLATION) return EXCEPTION_CONTINUE_SEARCH;
  DWORD old;
  faults++;
  VirtualProtect(page, 4096, PAGE_READWRITE, &old);
  return EXCEPTION_CONTINUE_EXECUTION;
}

static int by_value(const void* a, const void* b) { return *(const int*)a - *(const int*)b; }

int main(int argc, char** argv) {
  printf("%u bits", (unsigned)sizeof(void*) * 8);
  for (int i = 1; i < argc; i++) printf(", %s", argv[i]);
  printf("\n%.17g %.3e %lld\n", 1 / 3.0, 6.02214076e23, 1234567890123456789LL);

  int numbers[100];
  for (int i = 0; i < 100; i++) numbers[i] = i * 7919 % 100;
  qsort(numbers, 100, sizeof *numbers, by_value);
  printf("%d %d %d\n", numbers[0], numbers[50], numbers[99]);

  char directory[MAX_PATH], name[MAX_PATH], text[32] = {0};
  DWORD done;
  GetTempPathA(sizeof directory, directory);
  GetTempFileNameA(directory, "xa", 0, name);
  HANDLE file = CreateFileA(name, GENERIC_READ | GENERIC_WRITE, 0, NULL, CREATE_ALWAYS, 0, NULL);
  WriteFile(file, "written and read", 16, &done, NULL);
  SetFilePointer(file, 12, NULL, FILE_BEGIN);
  ReadFile(file, text, sizeof text, &done, NULL);
  CloseHandle(file);
  printf("%s %lu %d\n", text, done, DeleteFileA(name));

  ready = CreateEventA(NULL, FALSE, FALSE, NULL);
  HANDLE threads[4];
  for (UINT_PTR i = 0; i < 4; i++) threads[i] = CreateThread(NULL, 0, worker, (void*)(i + 1), 0, NULL);
  WaitForSingleObject(ready, INFINITE);
  WaitForMultipleObjects(4, threads, TRUE, INFINITE);
  DWORD codes = 0, code;
  for (int i = 0; i < 4; i++) codes += GetExitCodeThread(threads[i], &code) ? code : 0;
  printf("%ld turns, %lu\n", turns, codes);

  AddVectoredExceptionHandler(1, on_fault);
  page = VirtualAlloc(NULL, 4096, MEM_COMMIT | MEM_RESERVE, PAGE_READONLY);
  page[5] = 42;
  printf("%u fault, %d\n", faults, page[5]);
  return 7;
}
