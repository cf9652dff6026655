//! Keeps libc's standard streams, environment and exit out of a component, as the crate
//! `check-smtp` does: a definition here wins over the one in libc.

/// Defines what the standard library would otherwise take from libc.
#[macro_export]
macro_rules! no_stdio {
    () => {
        mod no_stdio {
            use core::ffi::{c_char, c_int, c_void};

            #[unsafe(no_mangle)]
            extern "C" fn write(_: c_int, _: *const c_void, length: usize) -> isize {
                length.cast_signed()
            }

            // Only the message of a panic comes here; that it is not written is no error.
            #[unsafe(no_mangle)]
            extern "C" fn writev(_: c_int, _: *const c_void, _: c_int) -> isize {
                -1
            }

            #[unsafe(no_mangle)]
            extern "C" fn getenv(_: *const c_char) -> *mut c_char {
                core::ptr::null_mut()
            }

            #[unsafe(no_mangle)]
            extern "C" fn _Exit(_: c_int) -> ! {
                core::arch::wasm32::unreachable()
            }
        }
    };
}
