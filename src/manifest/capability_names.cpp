#include "capability_names.hpp"

#include <iterator>

namespace gosv::manifest {

namespace {

// linux/capability.h, up to CAP_CHECKPOINT_RESTORE of Linux 5.9.
constexpr std::string_view kNames[] = {
    "chown",
    "dac_override",
    "dac_read_search",
    "fowner",
    "fsetid",
    "kill",
    "setgid",
    "setuid",
    "setpcap",
    "linux_immutable",
    "net_bind_service",
    "net_broadcast",
    "net_admin",
    "net_raw",
    "ipc_lock",
    "ipc_owner",
    "sys_module",
    "sys_rawio",
    "sys_chroot",
    "sys_ptrace",
    "sys_pacct",
    "sys_admin",
    "sys_boot",
    "sys_nice",
    "sys_resource",
    "sys_time",
    "sys_tty_config",
    "mknod",
    "lease",
    "audit_write",
    "audit_control",
    "setfcap",
    "mac_override",
    "mac_admin",
    "syslog",
    "wake_alarm",
    "block_suspend",
    "audit_read",
    "perfmon",
    "bpf",
    "checkpoint_restore",
};

}  // namespace

std::span<const std::string_view> capability_names() noexcept {
    return kNames;
}

std::optional<unsigned> capability_number(std::string_view name) noexcept {
    for (unsigned number = 0; number < std::size(kNames); ++number) {
        if (kNames[number] == name) {
            return number;
        }
    }
    return std::nullopt;
}

}  // namespace gosv::manifest
