// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

/// @notice JSON (RFC 8259) read and written by the lane's own contract, strictly: a key stands once, a number keeps its
/// text, no value lies inside more than 32 containers.
library Json {
    enum Kind {
        Missing,
        Null,
        False,
        True,
        Number,
        Text,
        List,
        Object,
        Invalid
    }

    /// @dev `text` is decoded text, a number as written, JSON of a list or an object, or for `Invalid` a refusal's JSON.
    struct Value {
        Kind kind;
        uint256 count;
        string text;
    }

    /// @dev The contract of lane `evm`; on a chain nothing stands here.
    address private constant READER = address(0xC002);
    uint8 private constant INVALID = 255;

    /// @notice The value at a JSON pointer (RFC 6901): `/result/b/0`, or `""` for the whole.
    function get(string memory json, string memory pointer) internal view returns (Value memory value) {
        bytes memory answer = ask(
            abi.encodePacked(uint8(1), uint32(bytes(pointer).length), pointer, json)
        );
        uint8 kind = uint8(answer[0]);
        value.kind = kind == INVALID ? Kind.Invalid : Kind(kind);
        uint256 head;
        assembly ("memory-safe") {
            head := shr(216, mload(add(answer, 32)))
        }
        value.count = head & 0xffffffff;
        value.text = string(rest(answer));
    }

    /// @notice The text at a pointer, which must be there. Reverts for anything else: for the enclave's own JSON.
    function text(string memory json, string memory pointer) internal view returns (string memory) {
        Value memory value = get(json, pointer);
        require(value.kind == Kind.Text, "a text should stand here");
        return value.text;
    }

    /// @notice The whole number at a pointer, which must be there. Reverts for anything else.
    function whole(string memory json, string memory pointer) internal view returns (uint256 number) {
        Value memory value = get(json, pointer);
        require(value.kind == Kind.Number, "a number should stand here");
        bytes memory digits = bytes(value.text);
        for (uint256 i = 0; i < digits.length; i++) {
            uint8 digit = uint8(digits[i]) - 48;
            require(digit < 10, "a whole number should stand here");
            number = number * 10 + digit;
        }
    }

    /// @notice JSON of a text, with its quotes.
    function quote(string memory plain) internal view returns (string memory) {
        return string(rest(ask(abi.encodePacked(uint8(2), plain))));
    }

    function ask(bytes memory input) private view returns (bytes memory answer) {
        bool done;
        (done, answer) = READER.staticcall(input);
        require(done && answer.length >= 5, "the reader of JSON refuses");
    }

    /// @dev Everything behind the five bytes of the head, in place.
    function rest(bytes memory answer) private pure returns (bytes memory body) {
        assembly ("memory-safe") {
            let length := sub(mload(answer), 5)
            body := add(answer, 5)
            mstore(body, length)
        }
    }
}
