#include "linux-user/symbols.h"

#include <cxxabi.h>
#include <elf.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>

namespace xarch::linux_user {

namespace {

// A file in memory; what lies outside of it reads as nothing.
class FileBytes {
 public:
  explicit FileBytes(const std::string& path) {
    const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat st;
    if (fd < 0) return;
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0) {
      void* p = mmap(nullptr, static_cast<size_t>(st.st_size), PROT_READ, MAP_PRIVATE, fd, 0);
      if (p != MAP_FAILED) data_ = static_cast<const uint8_t*>(p), bytes_ = static_cast<size_t>(st.st_size);
    }
    close(fd);
  }
  ~FileBytes() {
    if (data_ != nullptr) munmap(const_cast<uint8_t*>(data_), bytes_);
  }
  FileBytes(const FileBytes&) = delete;
  FileBytes& operator=(const FileBytes&) = delete;
  const uint8_t* at(uint64_t offset, uint64_t bytes) const {
    return offset <= bytes_ && bytes <= bytes_ - offset ? data_ + offset : nullptr;
  }
  size_t size() const { return bytes_; }

 private:
  const uint8_t* data_ = nullptr;
  size_t bytes_ = 0;
};

std::string demangled(const char* name) {
  if (name[0] != '_' || name[1] != 'Z') return name;
  int status = 0;
  char* text = abi::__cxa_demangle(name, nullptr, nullptr, &status);
  const std::string result = status == 0 && text != nullptr ? text : name;
  free(text);
  return result;
}

}  // namespace

// Reads one file, of either class and byte order.
class SymbolReader {
 public:
  SymbolReader(const FileBytes& file, FileSymbols* out) : file_(file), out_(*out) {}

  void read() {
    const uint8_t* ident = file_.at(0, EI_NIDENT);
    if (ident == nullptr || memcmp(ident, ELFMAG, SELFMAG) != 0) return;
    swap_ = ident[EI_DATA] == ELFDATA2MSB;
    if (ident[EI_CLASS] == ELFCLASS64) {
      read_class<Elf64_Ehdr, Elf64_Phdr, Elf64_Shdr, Elf64_Sym>();
    } else if (ident[EI_CLASS] == ELFCLASS32) {
      read_class<Elf32_Ehdr, Elf32_Phdr, Elf32_Shdr, Elf32_Sym>();
    }
  }

 private:
  template <typename T>
  T value(T v) const {
    if (!swap_) return v;
    if constexpr (sizeof(T) == 2) return static_cast<T>(__builtin_bswap16(v));
    if constexpr (sizeof(T) == 4) return static_cast<T>(__builtin_bswap32(v));
    if constexpr (sizeof(T) == 8) return static_cast<T>(__builtin_bswap64(v));
    return v;
  }
  // Element of a table; false outside of the file.
  template <typename T>
  bool get(uint64_t table, uint64_t stride, uint64_t index, T* out) const {
    if (stride < sizeof(T) || index > file_.size() / stride) return false;
    const uint8_t* p = file_.at(table + index * stride, sizeof(T));
    if (p == nullptr) return false;
    memcpy(out, p, sizeof(T));
    return true;
  }

  template <typename Ehdr, typename Phdr, typename Shdr, typename Sym>
  void read_class() {
    Ehdr eh;
    if (!get(0, sizeof eh, 0, &eh)) return;
    Phdr ph;
    for (unsigned i = 0; i < value(eh.e_phnum) && get(value(eh.e_phoff), value(eh.e_phentsize), i, &ph); ++i)
      if (value(ph.p_type) == PT_LOAD)
        out_.segments_.push_back({value(ph.p_offset), value(ph.p_filesz), value(ph.p_vaddr)});
    for (const uint32_t wanted : {uint32_t{SHT_SYMTAB}, uint32_t{SHT_DYNSYM}}) {
      Shdr table, strings;
      for (unsigned i = 0; i < value(eh.e_shnum); ++i) {
        if (!get(value(eh.e_shoff), value(eh.e_shentsize), i, &table)) return;
        if (value(table.sh_type) != wanted ||
            !get(value(eh.e_shoff), value(eh.e_shentsize), value(table.sh_link), &strings))
          continue;
        read_symbols<Sym>(value(table.sh_offset), value(table.sh_size), value(strings.sh_offset),
                          value(strings.sh_size));
      }
      if (!out_.functions_.empty()) break;
    }
    out_.settle_ends();
  }

  template <typename Sym>
  void read_symbols(uint64_t at, uint64_t bytes, uint64_t strings, uint64_t string_bytes) {
    const auto* names = reinterpret_cast<const char*>(file_.at(strings, string_bytes));
    if (names == nullptr || file_.at(at, bytes) == nullptr) return;
    for (uint64_t i = 0; i < bytes / sizeof(Sym); ++i) {
      Sym s;
      if (!get(at, sizeof s, i, &s)) return;
      const unsigned type = s.st_info & 15;
      const uint64_t name = value(s.st_name);
      if (type != STT_FUNC && type != STT_GNU_IFUNC && type != STT_NOTYPE) continue;
      if (value(s.st_shndx) == SHN_UNDEF || value(s.st_shndx) >= SHN_LORESERVE || name >= string_bytes)
        continue;
      const char* text = names + name;
      // Arm's mapping symbols ($x, $d) are no functions.
      if (*text == 0 || *text == '$' || memchr(text, 0, string_bytes - name) == nullptr) continue;
      const uint64_t start = value(s.st_value);
      out_.functions_.push_back({start, start + value(s.st_size), demangled(text)});
    }
  }

  const FileBytes& file_;
  FileSymbols& out_;
  bool swap_ = false;
};

// A symbol without a size reaches to the next one.
void FileSymbols::settle_ends() {
  std::sort(functions_.begin(), functions_.end(), [](const Function& a, const Function& b) {
    return a.start != b.start ? a.start < b.start : a.end != b.end ? a.end > b.end : a.name < b.name;
  });
  // Of several names for a place the first with a size is taken.
  functions_.erase(std::unique(functions_.begin(), functions_.end(),
                               [](const Function& a, const Function& b) { return a.start == b.start; }),
                   functions_.end());
  for (size_t i = 0; i < functions_.size(); ++i) {
    Function& f = functions_[i];
    const uint64_t next = i + 1 < functions_.size() ? functions_[i + 1].start : UINT64_MAX;
    if (f.end <= f.start || f.end > next) f.end = next;
  }
}

std::unique_ptr<FileSymbols> FileSymbols::read(const std::string& path) {
  auto symbols = std::make_unique<FileSymbols>();
  const FileBytes file(path);
  SymbolReader(file, symbols.get()).read();
  return symbols;
}

bool FileSymbols::find(uint64_t file_offset, std::string* name, uint64_t* offset) const {
  for (const Segment& s : segments_) {
    if (file_offset < s.offset || file_offset - s.offset >= s.bytes) continue;
    const uint64_t vaddr = file_offset - s.offset + s.vaddr;
    auto f = std::upper_bound(functions_.begin(), functions_.end(), vaddr,
                              [](uint64_t v, const Function& fn) { return v < fn.start; });
    if (f == functions_.begin()) continue;
    --f;
    if (vaddr >= f->end) continue;
    *name = f->name;
    *offset = vaddr - f->start;
    return true;
  }
  return false;
}

namespace {

// The path that the host's list of mappings shows for an address.
std::string mapped_path(uint64_t host_addr) {
  FILE* maps = fopen("/proc/self/maps", "re");
  if (maps == nullptr) return {};
  std::string path;
  char line[4352];
  while (fgets(line, sizeof line, maps) != nullptr) {
    unsigned long start = 0, end = 0;
    int name = 0;
    if (sscanf(line, "%lx-%lx %*s %*s %*s %*s %n", &start, &end, &name) < 2) continue;
    if (host_addr < start || host_addr >= end) continue;
    if (name > 0) path = line + name;
    if (!path.empty() && path.back() == '\n') path.pop_back();
    break;
  }
  fclose(maps);
  return path;
}

}  // namespace

const Symbols::File& Symbols::file_of(const Area& area) {
  const auto [at, fresh] = files_.try_emplace({area.file->device, area.file->inode});
  File& file = at->second;
  if (!fresh) return file;
  std::string path = area.file->path;
  if (path.empty()) path = mapped_path(area.start + mem_.base());
  file.base_name = path.substr(path.rfind('/') + 1);
  file.symbols = FileSymbols::read(path);
  return file;
}

std::string Symbols::name(uint64_t pc) {
  char offset_text[32];
  const auto with_offset = [&](const std::string& name, uint64_t offset) {
    snprintf(offset_text, sizeof offset_text, "+%#llx", static_cast<unsigned long long>(offset));
    return name + (offset == 0 ? "" : offset_text);
  };
  Area area;
  if (!mem_.find(pc, &area) || area.file == nullptr) {
    const std::string label(area.label);
    return with_offset(label.empty() ? "[anon]" : label, pc);
  }
  const File& file = file_of(area);
  const uint64_t in_file = pc - area.start + area.offset;
  std::string name;
  uint64_t offset = 0;
  if (file.symbols->find(in_file, &name, &offset)) return with_offset(name, offset);
  return with_offset(file.base_name, in_file);
}

}  // namespace xarch::linux_user
