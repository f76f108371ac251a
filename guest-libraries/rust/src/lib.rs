//! What a Cryptlet in Rust uses: the wall (enclave-sim/protocol/cryptlet.wit), strict JSON that keeps numbers as text, and
//! fixed-point decimals. Builds with Rust 1.63 and newer for wasm32-unknown-unknown, without other crates.
//!
//! ```ignore
//! fn run(trigger: &cryptlet::Json) -> String {
//!     let answer = cryptlet::call(r#"{"op":"time.now"}"#);
//!     …
//! }
//! cryptlet::serve!(run);
//! ```

mod fixed;
mod json;

pub use fixed::Fixed;
pub use json::{quote, Json};

#[link(wasm_import_module = "cryptlet")]
extern "C" {
    fn host_call(request: *const u8, length: usize) -> usize;
    fn host_take(to: *mut u8);
    fn host_return(outcome: *const u8, length: usize);
}

/// One host call; the answer as JSON. The enclave ends the run of a guest that calls after it was refused.
pub fn call(request: &str) -> Json {
    let mut answer;
    unsafe {
        let length = host_call(request.as_ptr(), request.len());
        answer = vec![0u8; length];
        host_take(answer.as_mut_ptr());
    }
    Json::parse(&answer).expect("the enclave answers JSON")
}

#[doc(hidden)]
pub fn allocate(length: usize) -> *mut u8 {
    // An instance serves one run, so nothing is given back.
    Box::leak(vec![0u8; length].into_boxed_slice()).as_mut_ptr()
}

#[doc(hidden)]
/// # Safety
/// `pointer` and `length` are those of `allocate`, filled by the enclave.
pub unsafe fn handle(pointer: *const u8, length: usize, run: fn(&Json) -> String) -> i32 {
    match Json::parse(std::slice::from_raw_parts(pointer, length)) {
        None => 1,
        Some(trigger) => {
            let outcome = run(&trigger);
            host_return(outcome.as_ptr(), outcome.len());
            0
        }
    }
}

/// Exports the ABI around a function that takes the trigger and gives the JSON text of a `RunOutcome`.
#[macro_export]
macro_rules! serve {
    ($run:path) => {
        #[no_mangle]
        pub extern "C" fn cryptlet_abi() -> i32 {
            1
        }
        #[no_mangle]
        pub extern "C" fn cryptlet_alloc(length: usize) -> *mut u8 {
            $crate::allocate(length)
        }
        #[no_mangle]
        pub unsafe extern "C" fn cryptlet_handle(pointer: *const u8, length: usize) -> i32 {
            $crate::handle(pointer, length, $run)
        }
    };
}
