#include "tests/support/toy_machine.h"

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace xarch::toy {
namespace {

constexpr uint64_t kPage = 4096;

thread_local tcg::Engine* thread_engine = nullptr;
thread_local tcg::Vcpu* thread_vcpu = nullptr;

void on_fault(int signo, siginfo_t* info, void* context) {
  const int saved = errno;
  auto* uc = static_cast<ucontext_t*>(context);
  if (thread_engine == nullptr ||
      thread_engine->handle_fault(thread_vcpu, signo, info, uc) == tcg::Engine::FaultVerdict::kNotOurs) {
    const auto pc = static_cast<uintptr_t>(uc->uc_mcontext.gregs[REG_RIP]);
    fprintf(stderr, "signal %d at %#lx, address %p, %s\n", signo, pc, info->si_addr,
            thread_engine == nullptr ? "" : thread_engine->describe(pc).c_str());
    signal(signo, SIG_DFL);  // the instruction faults again, for good
  }
  errno = saved;
}

void install_handlers() {
  struct sigaction sa = {};
  sa.sa_sigaction = on_fault;
  sa.sa_flags = SA_SIGINFO | SA_NODEFER;
  for (int s : {SIGSEGV, SIGBUS, SIGILL, SIGFPE}) sigaction(s, &sa, nullptr);
}

}  // namespace

FaultScope::FaultScope(tcg::Engine& engine, tcg::Vcpu* vcpu) {
  static std::once_flag once;
  std::call_once(once, install_handlers);
  thread_engine = &engine;
  thread_vcpu = vcpu;
}
FaultScope::~FaultScope() {
  thread_engine = nullptr;
  thread_vcpu = nullptr;
}

// ---- memory

ToyMemory::~ToyMemory() {
  for (const Area& a : areas_) munmap(host(a.start), a.bytes);
}

uint64_t ToyMemory::add(void* p, uint64_t bytes, int prot, const tcg::Backing& backing) {
  if (p == MAP_FAILED) {
    perror("mmap");
    abort();
  }
  const uint64_t addr = reinterpret_cast<uintptr_t>(p) - base_;
  std::lock_guard guard(mutex_);
  areas_.push_back({addr, bytes, std::vector<int>(bytes / kPage, prot), backing});
  return addr;
}

uint64_t ToyMemory::map(uint64_t bytes, int prot) {
  return add(mmap(nullptr, bytes, prot & ~PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), bytes, prot, {});
}

uint64_t ToyMemory::map_file(int fd, uint64_t offset, uint64_t bytes, int prot, bool shared, uint64_t inode) {
  void* p = mmap(nullptr, bytes, prot & ~PROT_EXEC, shared ? MAP_SHARED : MAP_PRIVATE, fd,
                 static_cast<off_t>(offset));
  return add(p, bytes, prot, {.device = 1, .inode = inode, .offset = offset, .shared_writable = shared});
}

ToyMemory::Area* ToyMemory::find(uint64_t addr) {
  for (Area& a : areas_) {
    if (addr - a.start < a.bytes) return &a;
  }
  return nullptr;
}

void ToyMemory::protect(uint64_t addr, uint64_t bytes, int prot) {
  std::lock_guard guard(mutex_);
  for (uint64_t at = 0; at < bytes; at += kPage) find(addr)->at(addr + at) = prot;
  mprotect(host(addr), bytes, prot & ~PROT_EXEC);
}

void ToyMemory::unmap(uint64_t addr, uint64_t bytes) {
  std::lock_guard guard(mutex_);
  munmap(host(addr), bytes);
  areas_.erase(areas_.begin() + (find(addr) - areas_.data()));
}

uint64_t ToyMemory::move(uint64_t addr, uint64_t bytes) {
  Area old;
  {
    std::lock_guard guard(mutex_);
    old = *find(addr);
    areas_.erase(areas_.begin() + (find(addr) - areas_.data()));
  }
  void* room = mmap(nullptr, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  void* p = mremap(host(addr), bytes, bytes, MREMAP_MAYMOVE | MREMAP_FIXED, room);
  return add(p, bytes, old.prot[0], old.backing);
}

void ToyMemory::poke(uint64_t addr, const std::vector<uint32_t>& words) {
  memcpy(host(addr), words.data(), words.size() * 4);
}

bool ToyMemory::fetch(uint64_t pc, void* out, unsigned bytes) {
  std::lock_guard guard(mutex_);
  Area* first = find(pc);
  Area* last = find(pc + bytes - 1);
  if (first == nullptr || last == nullptr || !(first->at(pc) & last->at(pc + bytes - 1) & PROT_EXEC))
    return false;
  memcpy(out, host(pc), bytes);
  return true;
}

bool ToyMemory::backing(uint64_t page, tcg::Backing* out) {
  std::lock_guard guard(mutex_);
  Area* a = find(page);
  if (a == nullptr) return false;
  *out = a->backing;
  if (out->inode != 0) out->offset += page - a->start;
  return true;
}

void ToyMemory::set_code_page(uint64_t page, bool write_protected) {
  std::lock_guard guard(mutex_);
  Area* a = find(page);
  if (a == nullptr) return;
  int prot = a->at(page) & ~PROT_EXEC;
  if (write_protected) prot &= ~PROT_WRITE;
  mprotect(host(page), kPage, prot);
}

bool ToyMemory::guest_writable(uint64_t page) {
  std::lock_guard guard(mutex_);
  Area* a = find(page);
  return a != nullptr && (a->at(page) & PROT_WRITE) != 0;
}

// ---- machine

ToyMachine::ToyMachine(Executor executor, uint64_t base, uint64_t cache_bytes) : memory(base) {
  tcg::EngineOptions options;
  options.backend = executor.backend;
  options.interpret_first = executor.interpret_first;
  options.guest_base = base;
  options.jit_cache_bytes = cache_bytes;
  auto e = tcg::Engine::create(guest, memory, options);
  if (!e) {
    fprintf(stderr, "%s\n", e.error().message.c_str());
    abort();
  }
  engine = std::move(*e);
}

ToyMachine::Cpu ToyMachine::new_cpu(uint64_t pc) {
  Cpu c{engine->new_vcpu()};
  c.state().pc = pc;
  return c;
}

tcg::Exit ToyMachine::run(Cpu& cpu) {
  const FaultScope faults(*engine, cpu.vcpu.get());
  return engine->run(*cpu.vcpu);
}

uint64_t ToyMachine::load(const Asm& code, uint64_t bytes, int prot) {
  const uint64_t addr = memory.map(bytes, prot | PROT_WRITE);
  memory.poke(addr, code.words());
  if (!(prot & PROT_WRITE)) memory.protect(addr, bytes, prot);
  return addr;
}

}  // namespace xarch::toy
