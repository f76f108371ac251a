// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {CryptletKeys} from "./CryptletKeys.sol";
import {FeedLogic} from "./FeedLogic.sol";
import {FeedStore} from "./FeedStore.sol";
import {IFeedStore} from "./interfaces/IFeedStore.sol";
import {SignerSetAdmin} from "./SignerSetAdmin.sol";

/// @title The feeds of a fabric on this chain: makes them, names them, changes who may sign them.
contract FeedRegistry is SignerSetAdmin {
    /// @notice No feed of this name was registered.
    error UnknownFeed(bytes32 feedHash);
    /// @notice A feed of this name exists.
    error FeedExists(bytes32 feedHash, address feed);
    /// @notice `updateMany` was given lists of different lengths.
    error LengthMismatch();

    /// @notice A feed is readable at `feed`.
    event FeedRegistered(
        bytes32 indexed feedHash,
        address indexed feed,
        bytes32 indexed workload,
        uint16 ringSize,
        uint8 decimals,
        string description
    );
    /// @notice An item of `updateMany` was refused; `reason` is the feed's own error. The others went on.
    event UpdateRefused(uint256 indexed item, bytes32 indexed feedHash, bytes reason);

    /// @notice The rules that every feed made here follows.
    FeedLogic public immutable logic;
    /// @notice Feed by its name; 0 when unknown.
    mapping(bytes32 feedHash => IFeedStore) public feedOf;

    /// @param admin May create feeds and change their signers.
    /// @param keys_ Registry of attested keys; must grant `FEED_ROLE` to this contract.
    /// @param logic_ Rules that every feed made here follows.
    constructor(address admin, CryptletKeys keys_, FeedLogic logic_) SignerSetAdmin(admin, keys_) {
        logic = logic_;
    }

    /// @notice Create a feed at an address of its own.
    /// @param feedHash Name of the feed in every signed message.
    /// @param signers Workload, threshold and admitted keys.
    /// @param ringSize Older rounds to keep; 0 keeps the latest only.
    /// @param decimals Decimals of every answer.
    /// @param description Text for people.
    function createFeed(
        bytes32 feedHash,
        IFeedStore.Signers calldata signers,
        uint16 ringSize,
        uint8 decimals,
        string calldata description
    ) external onlyRole(FEED_ADMIN_ROLE) returns (IFeedStore feed) {
        if (address(feedOf[feedHash]) != address(0)) revert FeedExists(feedHash, address(feedOf[feedHash]));
        feed = IFeedStore(address(new FeedStore(address(logic), keys, feedHash, ringSize, decimals, description)));
        feedOf[feedHash] = feed;
        emit FeedRegistered(feedHash, address(feed), signers.workload, ringSize, decimals, description);
        _setSigners(feed, signers);
    }

    /// @notice Replace who may sign a feed.
    function setSigners(
        bytes32 feedHash,
        IFeedStore.Signers calldata signers
    ) external onlyRole(FEED_ADMIN_ROLE) {
        _setSigners(_known(feedHash), signers);
    }

    /// @notice Admit a group key beside the list of a feed, or none (0). The list goes on counting.
    function setGroup(bytes32 feedHash, address group) external onlyRole(FEED_ADMIN_ROLE) {
        _setGroup(_known(feedHash), group);
    }

    /// @notice Store observations of several feeds. An item that is refused shows as `UpdateRefused` with the reason and
    /// stops nothing; `accepted` counts the others.
    function updateMany(
        bytes[] calldata payloads,
        bytes[][] calldata signatures
    ) external returns (uint256 accepted) {
        if (payloads.length != signatures.length) revert LengthMismatch();
        for (uint256 i = 0; i < payloads.length; ++i) {
            bytes32 feedHash = payloads[i].length < 32 ? bytes32(0) : bytes32(payloads[i][:32]);
            IFeedStore feed = feedOf[feedHash];
            if (address(feed) == address(0)) {
                emit UpdateRefused(i, feedHash, abi.encodeWithSelector(UnknownFeed.selector, feedHash));
                continue;
            }
            try feed.submit(payloads[i], signatures[i]) {
                ++accepted;
            } catch (bytes memory reason) {
                emit UpdateRefused(i, feedHash, reason);
            }
        }
    }

    function _known(bytes32 feedHash) private view returns (IFeedStore feed) {
        feed = feedOf[feedHash];
        if (address(feed) == address(0)) revert UnknownFeed(feedHash);
    }
}
