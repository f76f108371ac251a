// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {ObservationHash} from "../libraries/ObservationHash.sol";

/// @title `abi.encode(bytes payload, bytes[] signatures)` in calldata, taken apart without a copy.
library GatewayResponse {
    /// @notice The answer is not in the one form that encoders write.
    error MalformedResponse();

    /// @notice Most signatures of an answer: more than a list may have members are no answer.
    uint256 internal constant MAX_SIGNATURES = 32;
    /// @dev Two offsets, the payload with its length, the number of signatures.
    uint256 private constant HEAD = 320;

    /// @notice Payload of `ObservationHash.PAYLOAD_LENGTH` bytes, and signatures of any length.
    /// @dev Offsets have one value each; what lies behind the number of signatures is checked where an item is read.
    function split(
        bytes calldata response
    ) internal pure returns (bytes calldata payload, bytes[] calldata signatures) {
        if (response.length < HEAD) revert MalformedResponse();
        uint256 payloadAt;
        uint256 signaturesAt;
        assembly ("memory-safe") {
            payloadAt := calldataload(response.offset)
            signaturesAt := calldataload(add(response.offset, 32))
            payload.offset := add(response.offset, 96)
            payload.length := calldataload(add(response.offset, 64))
            signatures.offset := add(response.offset, HEAD)
            signatures.length := calldataload(add(response.offset, 288))
        }
        if (
            payloadAt != 64 ||
            signaturesAt != 288 ||
            payload.length != ObservationHash.PAYLOAD_LENGTH ||
            signatures.length > MAX_SIGNATURES ||
            response.length < HEAD + 32 * signatures.length
        ) revert MalformedResponse();
    }
}
