//! The engine's settings. One function serves the host and, included as a file, the build scripts
//! that compile components ahead: code that was compiled with other settings does not load.

use wasmtime::Config;

/// The engine that code is compiled for and runs on.
pub const ENGINE: &str = "wasmtime 48.0.8";

/// The stack that a plugin may use when nothing else is said, in bytes.
const WASM_STACK: usize = 512 * 1024;

/// What host functions have beyond that, in bytes.
const HOST_STACK: usize = 256 * 1024;

/// The address space that is set apart for a plugin's memory, in bytes: all that 32 bits can address,
/// so that no access needs to be compared with the memory's size. Behind it lies a guard for what an
/// instruction adds to an address.
const MEMORY_RESERVATION: u64 = 4 << 30;

/// The settings of every engine of this host.
#[must_use]
pub fn config() -> Config {
    let mut config = Config::new();
    config
        // The only means to end a plugin that computes without end.
        .epoch_interruption(true)
        .memory_reservation(MEMORY_RESERVATION)
        .memory_guard_size(32 << 20)
        // 128-bit multiplication, which doubles the speed of TLS. Hosts have it switched off until
        // the proposal is finished, so that a component for all of them does without it.
        .wasm_wide_arithmetic(true)
        // Neither traps nor panics are shown with addresses, so nothing of this needs to be loaded.
        .generate_address_map(false)
        .native_unwind_info(false)
        .wasm_backtrace_max_frames(None);
    set_stack(&mut config, WASM_STACK);
    config
}

/// Sets the stack that a plugin may use, in bytes. Compiled code does not depend on it.
pub fn set_stack(config: &mut Config, stack: usize) {
    config
        .max_wasm_stack(stack)
        .async_stack_size(stack + HOST_STACK);
}

/// The same for code that is part of the program's own executable file.
#[must_use]
pub fn built_in() -> Config {
    let mut config = config();
    // There is no file of its own that memory could be mapped from.
    config.memory_init_cow(false);
    config
}
