// A process of the toy guest: memory at host addresses, an engine, and the signal handlers that a frontend
// would have.
#pragma once

#include <sys/mman.h>

#include <atomic>
#include <memory>
#include <mutex>
#include <ostream>
#include <vector>

#include "tcg/runtime/engine.h"
#include "tests/support/toy_guest.h"

namespace xarch::toy {

// Guest memory is mapped where the host likes; guest address = host address - base.
class ToyMemory final : public tcg::FlatMemory {
 public:
  explicit ToyMemory(uint64_t base = 0) : base_(base) {}
  ~ToyMemory() override;

  // Maps anonymous memory and returns its guest address. prot is the guest's; execution needs PROT_EXEC.
  uint64_t map(uint64_t bytes, int prot);
  // Maps a file (shared or private) and says what backs it.
  uint64_t map_file(int fd, uint64_t offset, uint64_t bytes, int prot, bool shared, uint64_t inode);
  // The guest's protection and the host's; within one mapping.
  void protect(uint64_t addr, uint64_t bytes, int prot);
  void unmap(uint64_t addr, uint64_t bytes);
  // Moves a mapping to a new place, as mremap does.
  uint64_t move(uint64_t addr, uint64_t bytes);
  void* host(uint64_t addr) const { return reinterpret_cast<void*>(addr + base_); }
  // Writes code without telling anybody.
  void poke(uint64_t addr, const std::vector<uint32_t>& words);

  bool fetch(uint64_t pc, void* out, unsigned bytes) override;
  bool backing(uint64_t page, tcg::Backing* out) override;
  void set_code_page(uint64_t page, bool write_protected) override;
  bool guest_writable(uint64_t page) override;

 private:
  struct Area {
    uint64_t start, bytes;
    std::vector<int> prot;  // per page
    tcg::Backing backing;   // of its first page
    int& at(uint64_t addr) { return prot[(addr - start) / 4096]; }
  };
  Area* find(uint64_t addr);
  uint64_t add(void* host, uint64_t bytes, int prot, const tcg::Backing& backing);

  uint64_t base_;
  std::mutex mutex_;
  std::vector<Area> areas_;
};

// Sends the faults of this thread to the engine while it lives; the handlers are the process's.
class FaultScope {
 public:
  FaultScope(tcg::Engine& engine, tcg::Vcpu* vcpu);
  ~FaultScope();
};

// What executes a machine's code. interpret_first: EngineOptions'.
struct Executor {
  Executor(tcg::BackendKind kind, bool first = false) : backend(kind), interpret_first(first) {}
  operator tcg::BackendKind() const { return backend; }
  const char* name() const {
    return backend == tcg::BackendKind::kInterp ? "interp" : interpret_first ? "x86_64_first" : "x86_64";
  }
  friend void PrintTo(const Executor& e, std::ostream* out) { *out << e.name(); }

  tcg::BackendKind backend;
  bool interpret_first;
};

class ToyMachine {
 public:
  explicit ToyMachine(Executor executor, uint64_t base = 0, uint64_t cache_bytes = 8 << 20);

  ToyGuest guest;
  ToyMemory memory;
  std::unique_ptr<tcg::Engine> engine;

  struct Cpu {
    std::unique_ptr<tcg::Vcpu> vcpu;
    State& state() { return *static_cast<State*>(vcpu->state()); }
    uint64_t& r(unsigned n) { return state().r[n]; }
  };
  Cpu new_cpu(uint64_t pc);
  // Engine::run, with the thread's faults going to this vCPU.
  tcg::Exit run(Cpu& cpu);
  // Maps a page of code (guest may read, write, execute) with these words.
  uint64_t load(const Asm& code, uint64_t bytes = 4096, int prot = PROT_READ | PROT_WRITE | PROT_EXEC);
};

}  // namespace xarch::toy
