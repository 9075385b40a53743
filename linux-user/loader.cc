#include "linux-user/loader.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "linux-user/guest_copy.h"

#ifndef AT_MINSIGSTKSZ
#define AT_MINSIGSTKSZ 51
#endif

namespace xarch::linux_user {

namespace {

constexpr uint64_t kPage = 4096;
constexpr uint64_t page_down(uint64_t v) { return v & ~(kPage - 1); }
constexpr uint64_t page_up(uint64_t v) { return (v + kPage - 1) & ~(kPage - 1); }

// argv and envp together may take a quarter of the stack, as with Linux; one string at most 32 pages.
constexpr uint64_t kMaxString = 32 * kPage;

Error no_memory(const std::string& name, int64_t error) {
  return Error{name + ": cannot be loaded: " + strerror(static_cast<int>(-error)) +
                   (error == -ENOMEM ? kMemoryHint : ""),
               ENOMEM};
}

struct Loaded {
  uint64_t bias = 0;
  uint64_t end = 0;  // behind the last byte of memory
};

// Maps one segment at its place; file part, zero-filled rest of the last page, zero pages.
int64_t map_segment(MemoryMap& mem, const ElfSegment& s, uint64_t bias, int fd) {
  const uint64_t start = page_down(s.vaddr + bias);
  const uint64_t file_end = s.vaddr + bias + s.file_bytes;
  const uint64_t mem_end = s.vaddr + bias + s.mem_bytes;
  uint64_t mapped_end = start;
  if (s.file_bytes != 0) {
    const uint64_t bytes = file_end - start;
    const int64_t r = mem.mmap(start, bytes, s.prot, MAP_PRIVATE | MAP_FIXED, fd, page_down(s.offset));
    if (r < 0) return r;
    mapped_end = page_up(file_end);
    // The rest of the last page is zero to its end, as far as it may be written: the dynamic linker allocates
    // there.
    if (mapped_end > file_end && (s.prot & PROT_WRITE) != 0) {
      if (xarch_guarded_zero(mem.host(file_end), mapped_end - file_end) != 0) return -ENOEXEC;
    }
  }
  if (page_up(mem_end) > mapped_end) {
    const int64_t r = mem.mmap(mapped_end, page_up(mem_end) - mapped_end, s.prot,
                               MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE, -1, 0);
    if (r < 0) return r;
  }
  return 0;
}

Result<Loaded> map_image(MemoryMap& mem, const ElfImage& image, int fd, const std::string& name,
                         uint64_t where) {
  Loaded loaded;
  const uint64_t bytes = image.high - image.low;
  if (image.position_independent) {
    uint64_t at = mem.find_free(where, bytes, image.max_align);
    if (at == 0) return no_memory(name, -ENOMEM);
    loaded.bias = at - image.low;
  } else if (image.low < kLowestMapping) {
    return Error{name + ": wants to be loaded below " + std::to_string(kLowestMapping), ENOEXEC};
  }
  for (const ElfSegment& s : image.loads) {
    if (int64_t r = map_segment(mem, s, loaded.bias, fd); r < 0) return no_memory(name, r);
  }
  loaded.end = image.high + loaded.bias;
  return loaded;
}

uint64_t stack_bytes_for(const RunOptions& options) {
  uint64_t bytes = options.stack_bytes;
  if (bytes == 0) {
    struct rlimit limit;
    bytes = getrlimit(RLIMIT_STACK, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY ? limit.rlim_cur
                                                                                    : 64ull << 20;
  }
  return page_up(std::clamp<uint64_t>(bytes, 128ull << 10, kMaxStack));
}

// Lays out the initial stack in a buffer of ours and copies it in at one go.
class StackBuilder {
 public:
  StackBuilder(const AbiInfo& info, uint64_t top)
      : info_(info), top_(top), word_(info.elf_class == 2 ? 8 : 4) {}

  // Puts bytes below what is there; returns their address.
  uint64_t push_bytes(const void* p, size_t bytes) {
    const auto* b = static_cast<const uint8_t*>(p);
    for (size_t i = bytes; i-- > 0;) below_.push_back(b[i]);
    return top_ - below_.size();
  }
  uint64_t push_string(std::string_view s) {
    const char nul = 0;
    push_bytes(&nul, 1);
    return push_bytes(s.data(), s.size());
  }
  void align(uint64_t to) { below_.resize(below_.size() + (top_ - below_.size()) % to); }
  void push_word(uint64_t v) { words_.push_back(v); }
  void push_aux(uint64_t type, uint64_t value) {
    push_word(type);
    push_word(value);
  }
  size_t word_count() const { return words_.size(); }
  // The words, in pushing order from the lowest address up, come below the bytes. Address of the first.
  uint64_t finish(std::vector<uint8_t>* image) {
    align(16);
    below_.resize(below_.size() + (16 - words_.size() * word_ % 16) % 16);
    image->clear();
    for (uint64_t w : words_) append_word(image, w);
    image->insert(image->end(), below_.rbegin(), below_.rend());
    return top_ - image->size();
  }
  void append_word(std::vector<uint8_t>* to, uint64_t w) const {
    for (unsigned i = 0; i < word_; ++i)
      to->push_back(static_cast<uint8_t>(w >> 8 * (info_.big_endian ? word_ - 1 - i : i)));
  }

 private:
  const AbiInfo& info_;
  uint64_t top_;
  unsigned word_;
  std::vector<uint8_t> below_;  // from the top down
  std::vector<uint64_t> words_;
};

struct AuxFacts {
  uint64_t phdr, entry, interp_base;
};

void push_auxv(StackBuilder& b, Process& process, const Program& program, const AuxFacts& facts,
               uint64_t random_at, uint64_t platform_at, uint64_t execfn_at) {
  const UserAbi& abi = process.abi();
  const AbiInfo& info = abi.info();
  b.push_aux(AT_HWCAP, abi.hwcap());
  b.push_aux(AT_PAGESZ, info.page_bytes);
  b.push_aux(AT_CLKTCK, static_cast<uint64_t>(sysconf(_SC_CLK_TCK)));
  b.push_aux(AT_PHDR, facts.phdr);
  b.push_aux(AT_PHENT, program.image.phdr_bytes);
  b.push_aux(AT_PHNUM, program.image.phdr_count);
  b.push_aux(AT_BASE, facts.interp_base);
  b.push_aux(AT_FLAGS, 0);
  b.push_aux(AT_ENTRY, facts.entry);
  b.push_aux(AT_UID, getuid());
  b.push_aux(AT_EUID, geteuid());
  b.push_aux(AT_GID, getgid());
  b.push_aux(AT_EGID, getegid());
  b.push_aux(AT_SECURE, getauxval(AT_SECURE));
  b.push_aux(AT_RANDOM, random_at);
  b.push_aux(AT_HWCAP2, abi.hwcap2());
  b.push_aux(AT_EXECFN, execfn_at);
  if (platform_at != 0) b.push_aux(AT_PLATFORM, platform_at);
  if (info.has_minsigstksz_auxv) b.push_aux(AT_MINSIGSTKSZ, info.min_signal_stack);
  b.push_aux(AT_NULL, 0);
}

// Maps the main thread's stack; what is mapped after it without a place of its own lies below.
Result<void> reserve_stack(Process& process, const Program& program) {
  MemoryMap& mem = process.mem();
  const uint64_t bytes = stack_bytes_for(process.options());
  // The last page stays free, so that no address wraps.
  const uint64_t wanted = process.info().stack_top;
  const uint64_t top = wanted != 0 && wanted < mem.limit() ? wanted : mem.limit() - kPage;
  const int prot = PROT_READ | PROT_WRITE | (program.image.exec_stack ? PROT_EXEC : 0);
  const int64_t at = mem.mmap(top - bytes, bytes, prot,
                              MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE | MAP_STACK,
                              -1, 0, nullptr, "[stack]");
  if (at < 0) return no_memory(program.exec_name + ": its stack of " + std::to_string(bytes) + " bytes", at);
  process.image().stack_top = top;
  mem.set_mmap_top(page_down(top - bytes - (uint64_t{1} << 20)));
  return {};
}

Result<void> build_stack(Process& process, const Program& program, const std::vector<std::string>& argv,
                         const std::vector<std::string>& envp, const AuxFacts& facts) {
  MemoryMap& mem = process.mem();
  ImageInfo& image = process.image();
  const uint64_t bytes = stack_bytes_for(process.options());
  uint64_t total = 0;
  for (const auto* list : {&argv, &envp}) {
    for (const std::string& s : *list) {
      if (s.size() >= kMaxString) return Error{program.exec_name + ": an argument is too long", E2BIG};
      total += s.size() + 1 + 8;
    }
  }
  if (total > bytes / 4 * 3) return Error{program.exec_name + ": argument list too long", E2BIG};

  StackBuilder b(process.info(), image.stack_top);
  b.push_bytes("\0\0\0\0\0\0\0", 8);
  const uint64_t execfn = b.push_string(program.exec_name);
  std::vector<uint64_t> env_at(envp.size()), arg_at(argv.size());
  image.env_end = execfn;
  for (size_t i = envp.size(); i-- > 0;) env_at[i] = b.push_string(envp[i]);
  image.env_start = envp.empty() ? image.env_end : env_at[0];
  image.arg_end = image.env_start;
  for (size_t i = argv.size(); i-- > 0;) arg_at[i] = b.push_string(argv[i]);
  image.arg_start = argv.empty() ? image.arg_end : arg_at[0];
  const uint64_t platform = process.info().platform.empty() ? 0 : b.push_string(process.info().platform);
  uint8_t random[16];
  if (getrandom(random, sizeof random, GRND_NONBLOCK) != sizeof random) memset(random, 0x5a, sizeof random);
  b.align(16);
  const uint64_t random_at = b.push_bytes(random, sizeof random);

  b.push_word(argv.size());
  for (uint64_t a : arg_at) b.push_word(a);
  b.push_word(0);
  for (uint64_t a : env_at) b.push_word(a);
  b.push_word(0);
  const size_t words_before = b.word_count();
  push_auxv(b, process, program, facts, random_at, platform, execfn);
  const size_t aux_words = b.word_count() - words_before;

  std::vector<uint8_t> bytes_image;
  image.stack_pointer = b.finish(&bytes_image);
  const unsigned word = process.info().elf_class == 2 ? 8 : 4;
  image.auxv.assign(bytes_image.begin() + static_cast<long>(words_before * word),
                    bytes_image.begin() + static_cast<long>((words_before + aux_words) * word));
  if (xarch_guarded_copy(mem.host(image.stack_pointer), bytes_image.data(), bytes_image.size()) != 0)
    return no_memory(program.exec_name, -ENOMEM);
  return {};
}

// What helps a program whose interpreter is not in its root.
std::string missing_interpreter(Process& process, const std::string& wanted) {
  const std::string root(process.paths().root());
  std::string text = wanted + (root.empty() ? " is nowhere here" : " is not in " + root);
  const std::string cross = "/usr/" + std::string(process.info().triplet);
  if (root != cross && !PathMap::resolve_in(cross, wanted, true).empty())
    return text + "; -L " + cross + " has it";
  return text + "; give a root that has it with -L DIR, or install libc6 for " +
         std::string(process.info().triplet);
}

Result<Program> open_interpreter(Process& process, const Program& program) {
  Program interp;
  const std::string& wanted = program.image.interp;
  interp.host_path = process.paths().to_host(wanted, true);
  interp.exec_name = wanted;
  interp.fd = open(interp.host_path.c_str(), O_RDONLY | O_CLOEXEC);
  if (interp.fd < 0) {
    const int e = errno;
    const std::string why =
        e == ENOENT || e == ENOTDIR ? missing_interpreter(process, wanted) : wanted + ": " + strerror(e);
    return Error{program.exec_name + ": its interpreter " + why, e};
  }
  Result<ElfImage> image = read_elf(interp.fd, interp.host_path, process.mem().limit());
  if (!image) {
    close(interp.fd);
    return Error{program.exec_name + ": its interpreter " + image.error().message, ENOEXEC};
  }
  if (image->machine != program.image.machine || image->elf_class != program.image.elf_class ||
      image->big_endian != program.image.big_endian) {
    close(interp.fd);
    return Error{program.exec_name + ": its interpreter " + interp.host_path + " is for " +
                     machine_name(image->machine) + "; give the program's own root with -L DIR",
                 ENOEXEC};
  }
  interp.image = std::move(*image);
  return interp;
}

Result<void> map_trampoline(Process& process) {
  MemoryMap& mem = process.mem();
  const int64_t at =
      mem.mmap(0, kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0, nullptr, "[vdso]");
  if (at < 0) return no_memory("signal trampoline", at);
  const auto code = process.abi().trampoline();
  memcpy(mem.host(static_cast<uint64_t>(at)), code.data(), code.size());
  mem.mprotect(static_cast<uint64_t>(at), kPage, PROT_READ | PROT_EXEC);
  process.image().trampoline = static_cast<uint64_t>(at);
  return {};
}

}  // namespace

Result<void> load_program(Process& process, Program& program, const std::vector<std::string>& argv,
                          const std::vector<std::string>& envp) {
  MemoryMap& mem = process.mem();
  ImageInfo& info = process.image();
  info = {};
  info.exe_host = program.host_path;
  struct stat st;
  if (fstat(program.fd, &st) == 0) {
    info.exe_device = st.st_dev;
    info.exe_inode = st.st_ino;
  }
  info.exe_guest = process.paths().to_guest(program.host_path);
  // Interpreter and libraries lie below the stack.
  const uint64_t wanted = process.info().program_start;
  const uint64_t pie_at = wanted != 0 && wanted < mem.limit() ? wanted : page_down(mem.limit() / 3 * 2);
  Result<Loaded> main = map_image(mem, program.image, program.fd, program.exec_name, pie_at);
  if (!main) return main.error();
  AuxFacts facts;
  facts.phdr = program.image.phdr_vaddr == 0 ? 0 : program.image.phdr_vaddr + main->bias;
  facts.entry = program.image.entry + main->bias;
  facts.interp_base = 0;
  info.entry = facts.entry;
  info.program_start = program.image.low + main->bias;
  info.program_end = main->end;
  mem.set_brk_start(main->end);

  if (Result<void> r = reserve_stack(process, program); !r) return r;
  if (!program.image.interp.empty()) {
    Result<Program> interp = open_interpreter(process, program);
    if (!interp) return interp.error();
    Result<Loaded> loaded = map_image(mem, interp->image, interp->fd, interp->exec_name, 0);
    close(interp->fd);
    if (!loaded) return loaded.error();
    facts.interp_base = loaded->bias + interp->image.low;
    info.entry = interp->image.entry + loaded->bias;
  }
  if (Result<void> r = build_stack(process, program, argv, envp, facts); !r) return r;
  close(program.fd);
  program.fd = -1;
  return map_trampoline(process);
}

}  // namespace xarch::linux_user
