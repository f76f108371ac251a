// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {AccessControl} from "@openzeppelin/contracts/access/AccessControl.sol";
import {CryptletKeys} from "./CryptletKeys.sol";
import {FeedLogic} from "./FeedLogic.sol";
import {FeedStore} from "./FeedStore.sol";
import {IFeedStore} from "./interfaces/IFeedStore.sol";

/// @title The feeds of a fabric on this chain: makes them, names them, changes who may sign them.
contract FeedRegistry is AccessControl {
    /// @notice May create feeds and change their signers.
    bytes32 public constant FEED_ADMIN_ROLE = keccak256("FEED_ADMIN_ROLE");

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

    /// @notice Where the keys are.
    CryptletKeys public immutable keys;
    /// @notice The rules that every feed made here follows.
    FeedLogic public immutable logic;
    /// @notice Feed by its name; 0 when unknown.
    mapping(bytes32 feedHash => IFeedStore) public feedOf;
    mapping(bytes32 feedHash => address[]) private _linked;

    /// @param admin May create feeds.
    /// @param keys_ Registry of attested keys; must grant `FEED_ROLE` to this contract.
    /// @param logic_ Rules that every feed made here follows.
    constructor(address admin, CryptletKeys keys_, FeedLogic logic_) {
        keys = keys_;
        logic = logic_;
        _grantRole(DEFAULT_ADMIN_ROLE, admin);
        _grantRole(FEED_ADMIN_ROLE, admin);
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
        _setSigners(feedHash, feed, signers);
    }

    /// @notice Replace who may sign a feed.
    function setSigners(
        bytes32 feedHash,
        IFeedStore.Signers calldata signers
    ) external onlyRole(FEED_ADMIN_ROLE) {
        IFeedStore feed = feedOf[feedHash];
        if (address(feed) == address(0)) revert UnknownFeed(feedHash);
        _setSigners(feedHash, feed, signers);
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

    function _setSigners(bytes32 feedHash, IFeedStore feed, IFeedStore.Signers calldata signers) private {
        address[] storage linked = _linked[feedHash];
        for (uint256 i = 0; i < linked.length; ++i) keys.unlink(linked[i], address(feed));
        _linked[feedHash] = signers.admitted;
        for (uint256 i = 0; i < signers.admitted.length; ++i) keys.link(signers.admitted[i], address(feed));
        feed.setSigners(signers);
    }
}
