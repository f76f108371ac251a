// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {ICryptletGateway} from "../interfaces/ICryptletGateway.sol";
import {ObservationHash} from "../libraries/ObservationHash.sol";
import {GatewayResponse} from "./GatewayResponse.sol";
import {PullConsumer} from "./PullConsumer.sol";

/// @title Base of a consumer whose callers need no library of ours: it asks their client for the newest observation by
/// EIP-3668, which ethers and viem follow by themselves, and verifies the answer.
/// @notice The gateways are not believed: an answer counts by its signatures, its age and its feed. A gateway can keep back
/// a newer observation for as long as an older one is valid, as any caller of a `PullConsumer` can; `_takeNewer` holds
/// what was seen.
/// @dev The heir's function: `function price() external view returns (int256) { _lookUp(this.priceCallback.selector, ""); }`,
/// and `function priceCallback(bytes calldata response, bytes calldata) external view returns (int256 value)`, which
/// calls `_take(response)`. Both must return the same: the client hands on what the callback returns.
abstract contract LookupConsumer is PullConsumer {
    /// @notice There are 1 to 8 gateways, each of 1 to 256 bytes.
    error BadGateways();
    /// @notice A number of the payload does not fit.
    error NumberOutOfRange(uint256 number);
    /// @notice The payload speaks of another feed.
    error WrongFeed(bytes32 feedHash);

    /// @notice The gateways were replaced.
    event GatewaysChanged(string[] gateways);

    /// @dev As `PullConsumer` has them.
    uint256 private constant MAX_AHEAD = 60;
    uint256 private constant MAX_JUMP = 65_536;
    uint256 private constant MAX_ROUNDS_PER_SECOND = 1_000;

    string[] private _gateways;

    /// @notice Templates of URLs with `{sender}` and `{data}`, in the order in which clients try them.
    function gateways() external view returns (string[] memory) {
        return _gateways;
    }

    /// @notice Replace the gateways. Only the administrator, who cannot make an answer count by it.
    function setGateways(string[] calldata urls) external onlyRegistry {
        if (urls.length == 0 || urls.length > 8) revert BadGateways();
        for (uint256 i = 0; i < urls.length; ++i) {
            uint256 length = bytes(urls[i]).length;
            if (length == 0 || length > 256) revert BadGateways();
        }
        _gateways = urls;
        emit GatewaysChanged(urls);
    }

    /// @dev Ends the call: the client asks a gateway and calls `callback(response, extraData)`.
    function _lookUp(bytes4 callback, bytes memory extraData) internal view {
        revert ICryptletGateway.OffchainLookup(
            address(this),
            _gateways,
            abi.encodeCall(ICryptletGateway.observation, (feedHash)),
            callback,
            extraData
        );
    }

    /// @dev Verifies a gateway's answer. The observation may be used again, and by others before.
    /// @return value The value in the feed's decimals.
    /// @return observedAt The sources' time, s.
    function _take(bytes calldata response) internal view returns (int256 value, uint256 observedAt) {
        uint256 seenAt = uint32(_head >> 112);
        (, value, observedAt) = _check(response);
        if (observedAt < seenAt) revert ObservationNotNewer(observedAt, seenAt);
    }

    /// @dev The same, and strictly newer, in round and time, than what this contract saw before; remembers it.
    function _takeNewer(bytes calldata response) internal returns (int256 value, uint256 observedAt) {
        uint256 head = _head;
        uint256 seenAt = uint32(head >> 112);
        uint256 seenRound = uint32(head >> 144);
        uint256 round;
        (round, value, observedAt) = _check(response);
        if (observedAt <= seenAt || round <= seenRound) revert ObservationNotNewer(observedAt, seenAt);
        if (seenRound != 0 && round - seenRound > MAX_JUMP + MAX_ROUNDS_PER_SECOND * (observedAt - seenAt))
            revert ObservationTooFar(round, seenRound);
        _head = (head & ~(uint256(type(uint64).max) << 112)) | (((round << 32) | observedAt) << 112);
    }

    /// @dev Form, feed, times, and enough of the signers of now.
    function _check(
        bytes calldata response
    ) private view returns (uint256 round, int256 value, uint256 observedAt) {
        (bytes calldata payload, bytes[] calldata signatures) = GatewayResponse.split(response);
        bytes32 feed;
        uint256 validUntil;
        (feed, round, value, observedAt, validUntil, ) = abi.decode(
            payload,
            (bytes32, uint256, int256, uint256, uint256, bytes32)
        );
        if (feed != feedHash) revert WrongFeed(feed);
        if (round > type(uint32).max) revert NumberOutOfRange(round);
        if (observedAt > type(uint32).max) revert NumberOutOfRange(observedAt);
        if (observedAt > block.timestamp + MAX_AHEAD) revert ObservationFutureDated(observedAt, block.timestamp);
        if (validUntil < block.timestamp) revert ObservationPast(validUntil, block.timestamp);
        if (observedAt + maxAge < block.timestamp) revert ObservationTooOld(observedAt, block.timestamp);
        uint256 looked = uint32(_head >> 176);
        if (looked + maxSetAge < block.timestamp) revert SignersNotRefreshed(looked, block.timestamp);
        _checkSignatures(ObservationHash.ofPayload(payload), signatures);
    }
}
