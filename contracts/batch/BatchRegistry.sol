// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {CryptletKeys} from "../CryptletKeys.sol";
import {IBatchStore} from "../interfaces/IBatchStore.sol";
import {SignerSetAdmin} from "../SignerSetAdmin.sol";
import {BatchFeed} from "./BatchFeed.sol";
import {BatchLogic} from "./BatchLogic.sol";
import {BatchStore} from "./BatchStore.sol";

/// @title The batches of a fabric on this chain: makes them, names them, changes who may sign them.
contract BatchRegistry is SignerSetAdmin {
    /// @notice No batch of this name was registered.
    error UnknownBatch(bytes32 batchHash);
    /// @notice A batch of this name exists.
    error BatchExists(bytes32 batchHash, address batch);
    /// @notice The batch has no member at this place.
    error UnknownPlace(uint256 place);

    /// @notice A batch is at `batch`.
    event BatchRegistered(
        bytes32 indexed batchHash,
        address indexed batch,
        bytes32 indexed workload,
        uint256 members,
        uint16 ringSize,
        uint32 ringSpacing,
        string description
    );
    /// @notice A member of a batch is readable at `feed` as a feed of its own.
    event BatchFeedRegistered(bytes32 indexed feedHash, address indexed feed, address indexed batch, uint256 place);

    /// @notice The rules that every batch made here follows.
    BatchLogic public immutable logic;
    /// @notice Batch by its name; 0 when unknown.
    mapping(bytes32 batchHash => IBatchStore) public batchOf;
    /// @notice Readable face of a member of a batch; 0 when there is none.
    mapping(address batch => mapping(uint256 place => BatchFeed)) public feedOf;

    /// @param admin May create batches and change their signers.
    /// @param keys_ Registry of attested keys; must grant `FEED_ROLE` to this contract.
    /// @param logic_ Rules that every batch made here follows.
    constructor(address admin, CryptletKeys keys_, BatchLogic logic_) SignerSetAdmin(admin, keys_) {
        logic = logic_;
    }

    /// @notice Create a batch at an address of its own.
    /// @param batchHash Name of the batch in every signed message.
    /// @param members Feed hashes in the order that the name was made of: events name members by them.
    /// @param signers Workload, threshold and admitted keys.
    /// @param form What the batch's contract keeps, for ever.
    /// @param ringSize Older batches that proofs may be about; 0 keeps the newest only.
    /// @param ringSpacing Seconds that share one place among them: the batch's interval.
    /// @param description Text for people.
    function createBatch(
        bytes32 batchHash,
        bytes32[] calldata members,
        IBatchStore.Signers calldata signers,
        IBatchStore.Form form,
        uint16 ringSize,
        uint32 ringSpacing,
        string calldata description
    ) external onlyRole(FEED_ADMIN_ROLE) returns (IBatchStore batch) {
        if (address(batchOf[batchHash]) != address(0)) revert BatchExists(batchHash, address(batchOf[batchHash]));
        batch = IBatchStore(
            address(new BatchStore(address(logic), keys, batchHash, members, form, ringSize, ringSpacing, description))
        );
        batchOf[batchHash] = batch;
        emit BatchRegistered(
            batchHash,
            address(batch),
            signers.workload,
            members.length,
            ringSize,
            ringSpacing,
            description
        );
        _setSigners(batch, signers);
    }

    /// @notice Give a member of a batch in the form `stored` an address that Chainlink's readers understand.
    function createFeed(
        bytes32 batchHash,
        uint256 place,
        uint8 decimals,
        string calldata description
    ) external onlyRole(FEED_ADMIN_ROLE) returns (BatchFeed feed) {
        IBatchStore batch = _known(batchHash);
        bytes32[] memory members = batch.members();
        if (place >= members.length) revert UnknownPlace(place);
        feed = new BatchFeed(batch, members[place], place, decimals, description);
        feedOf[address(batch)][place] = feed;
        emit BatchFeedRegistered(members[place], address(feed), address(batch), place);
    }

    /// @notice Replace who may sign a batch.
    function setSigners(
        bytes32 batchHash,
        IBatchStore.Signers calldata signers
    ) external onlyRole(FEED_ADMIN_ROLE) {
        _setSigners(_known(batchHash), signers);
    }

    /// @notice Admit a group key beside the list of a batch, or none (0). The list goes on counting.
    function setGroup(bytes32 batchHash, address group) external onlyRole(FEED_ADMIN_ROLE) {
        _setGroup(_known(batchHash), group);
    }

    function _known(bytes32 batchHash) private view returns (IBatchStore batch) {
        batch = batchOf[batchHash];
        if (address(batch) == address(0)) revert UnknownBatch(batchHash);
    }
}
