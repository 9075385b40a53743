# What translates is compiled by a profile: how often, when programs start, each branch is taken and each function is
# called from where. A translation takes an eighth less: what is rare lies out of the way, so that fewer instructions
# are fetched, and what is called often is in line. The profile is of one version of GCC; other compilers do without,
# as do functions that have changed since. `scripts/profile/train` makes it anew.
set(XARCH_PROFILE "use" CACHE STRING "The profile of what translates: use, make (scripts/profile/train) or none")
string(REGEX MATCH "^[0-9]+\\.[0-9]+" version "${CMAKE_CXX_COMPILER_VERSION}")
set(profile ${CMAKE_CURRENT_LIST_DIR}/gcc-${version}.tar.xz)
set(profiled xarch_ir xarch_opt xarch_x86_64 xarch_walk xarch_interp xarch_runtime xarch_target_arm_core xarch_target_x86_core)

if(XARCH_PROFILE STREQUAL "make")
  foreach(target IN LISTS profiled)
    target_compile_options(${target} PRIVATE -fprofile-generate -fprofile-update=prefer-atomic)
  endforeach()
  target_sources(xarch PRIVATE ${CMAKE_CURRENT_LIST_DIR}/exit.c)
  target_link_options(xarch PRIVATE -fprofile-generate -Wl,--wrap=syscall)
elseif(XARCH_PROFILE STREQUAL "use" AND CMAKE_BUILD_TYPE STREQUAL "Release" AND NOT XARCH_SANITIZE
       AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND EXISTS ${profile})
  # Rare is what runs less than once per program. Not what GCC does to loops besides: here they end soon. The last
  # definition compiles everything anew by another profile.
  file(SHA256 ${profile} hash)
  set(options -fprofile-use -fprofile-partial-training -fprofile-correction --param=unlikely-bb-count-fraction=1
    -fno-unroll-loops -fno-peel-loops -fno-tracer -Wno-missing-profile -Wno-coverage-mismatch -DXARCH_PROFILE_${hash})
  # GCC looks beside the objects. (ccache does not know -fprofile-partial-training, and passes these files on.)
  file(ARCHIVE_EXTRACT INPUT ${profile} DESTINATION ${CMAKE_BINARY_DIR})
  set_property(DIRECTORY ${CMAKE_SOURCE_DIR} APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${profile})
  foreach(target IN LISTS profiled)
    get_target_property(folder ${target} BINARY_DIR)
    get_target_property(home ${target} SOURCE_DIR)
    get_target_property(sources ${target} SOURCES)
    foreach(source IN LISTS sources)
      if(EXISTS ${folder}/CMakeFiles/${target}.dir/${source}.gcda)
        set_property(SOURCE ${home}/${source} TARGET_DIRECTORY ${target} APPEND PROPERTY COMPILE_OPTIONS ${options})
      endif()
    endforeach()
  endforeach()
  set(XARCH_PROFILED ${profile})
endif()
