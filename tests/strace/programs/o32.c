// Calls of a big-endian 32-bit ABI whose flags have other values, made without a C library.
static long call(long number, long a, long b, long c, long d) {
  register long v0 asm("$2") = number;
  register long a0 asm("$4") = a;
  register long a1 asm("$5") = b;
  register long a2 asm("$6") = c;
  register long a3 asm("$7") = d;
  asm volatile("syscall"
               : "+r"(v0), "+r"(a3)
               : "r"(a0), "r"(a1), "r"(a2)
               : "memory", "$8", "$9", "$10", "$11", "$12", "$13", "$14", "$15", "$24", "$25");
  return v0;
}
void __start(void) {
  call(4064, 0, 0, 0, 0);                                         // getppid
  const long fd = call(4288, -100, (long)"made", 0x80302, 0644);  // openat: O_RDWR|O_CREAT|O_TRUNC|O_CLOEXEC
  call(4288, -100, (long)"/no/such", 0x10080, 0);                 // O_NONBLOCK|O_DIRECTORY
  call(4004, fd, (long)"big endian\n", 11, 0);                    // write
  call(4003, fd, 8, 5, 0);                                        // read
  call(4125, 0x1000, 4096, 5, 0);                                 // mprotect
  call(4000, 1, 2, 3, 4);
  call(4064, 0, 0, 0, 0);
  call(4246, 0, 0, 0, 0);
}
