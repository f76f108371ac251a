// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {IBatchStore} from "../interfaces/IBatchStore.sol";
import {IFeedStore} from "../interfaces/IFeedStore.sol";
import {SignerSet} from "../SignerSet.sol";
import {BatchHash} from "./BatchHash.sol";
import {BatchState} from "./BatchState.sol";
import {MerkleProof} from "./MerkleProof.sol";

/// @title The rules of every batch, in plain Solidity: what is accepted, what is refused and why, what readers get.
/// @notice Runs in the storage of a `BatchStore` by delegatecall; deployed once. Called directly it is a batch without name
/// and signers, which refuses everything.
/// @dev Batches are ordered by the enclave's time in whole seconds, which the enclave lets grow with every batch: unlike a
/// number it cannot be used up by a stolen key, because it may not be ahead of the chain's.
contract BatchLogic is BatchState, SignerSet, IBatchStore {
    /// @dev Positions in calldata behind the selector and the arguments: two of `storeRoot`, four of the others.
    uint256 private constant AFTER_TWO = 68;
    uint256 private constant AFTER_FOUR = 132;
    uint256 private constant ITEM_LENGTH = 23;
    uint256 private constant WORD_LENGTH = 33;
    /// @dev Bits of the report that say nothing.
    uint256 private constant SPARE = ((1 << 80) - 1) << 112;
    /// @dev Topic of `AnswerUpdated`, a literal for assembly.
    uint256 private constant ANSWER_UPDATED = 0xa1e880da23d678b713993e0e73dfe729d9dbe50d9dbfd6cfd9f99b307d11ef24;
    /// @dev The value of 56 bits that stands for none.
    int256 private constant NO_VALUE = type(int56).min;

    /// @inheritdoc IBatchStore
    function storeRoot_lGQkD(uint256 report, bytes32 content) external {
        uint256 length = AFTER_TWO + _signersLength(report);
        if (msg.data.length != length) revert WrongLength(length, msg.data.length);
        _accept(report, content, AFTER_TWO, Form.ROOT);
        emit RootStored(report);
    }

    /// @inheritdoc IBatchStore
    function storeItems(
        uint256 report,
        bytes32 root,
        bytes32 packedHash,
        bytes32 statementDigest
    ) external {
        uint256 position = _blobAt(report, ITEM_LENGTH);
        bytes32 storedHash = keccak256(msg.data[position:]);
        _accept(report, BatchHash.ofContent(root, storedHash, packedHash, statementDigest), AFTER_FOUR, Form.STORED);
        (uint256 accepted, uint256 refused) = _storeItems(position);
        emit ItemsStored(report >> 224, uint32(report >> 192), accepted, refused);
    }

    /// @inheritdoc IBatchStore
    function storeWords(uint256 report, bytes32 root, bytes32 storedHash, bytes32 statementDigest) external {
        uint256 position = _blobAt(report, WORD_LENGTH);
        bytes32 packedHash = keccak256(msg.data[position:]);
        _accept(report, BatchHash.ofContent(root, storedHash, packedHash, statementDigest), AFTER_FOUR, Form.PACKED);
        emit WordsStored(report >> 224, uint32(report >> 192), _storeWords(position));
    }

    /// @inheritdoc IBatchStore
    function itemAt(
        uint256 place
    ) external view returns (uint80 round, int256 value, uint256 observedAt, uint256 validUntil) {
        if (place >= MAX_MEMBERS) return (0, 0, 0, 0);
        uint256 item = _items[place];
        round = uint80(item >> 224);
        observedAt = uint32(item >> 192);
        validUntil = observedAt + uint32(item >> 160);
        value = int80(uint80(item >> 80));
    }

    /// @inheritdoc IBatchStore
    function packedAt(uint256 place) external view returns (bool found, int256 value, uint256 observedAt) {
        if (place >= _memberCount) return (false, 0, 0);
        uint256 word = _words[place / LANES];
        int256 lane = int56(uint56(word >> (168 - 56 * (place % LANES))));
        if (word == 0 || lane == NO_VALUE) return (false, 0, 0);
        return (true, lane, word >> 224);
    }

    /// @inheritdoc IBatchStore
    function read(
        bytes32 feedHash,
        Batch calldata batch,
        Proof calldata proof
    ) external view returns (int256 value, uint256 round, uint256 observedAt, uint256 validUntil) {
        uint256 head = _head;
        if (batch.issuedAt != head >> 224 || !_isUnder(head, batch)) revert UnknownBatch(batch.issuedAt, head >> 224);
        if (!_proves(feedHash, batch.root, proof)) revert WrongProof(proof.place);
        if (proof.leaf.length == 32) revert NoObservation(feedHash);
        (, round, value, observedAt, validUntil, ) = abi.decode(
            proof.leaf,
            (bytes32, uint256, int256, uint256, uint256, bytes32)
        );
        if (validUntil < block.timestamp) revert ObservationExpired(validUntil, block.timestamp);
    }

    /// @inheritdoc IBatchStore
    function verify(
        bytes32 feedHash,
        Batch calldata batch,
        Proof calldata proof
    ) external view returns (bool) {
        uint256 kept = _head;
        if (batch.issuedAt != kept >> 224) {
            if (_ringSize == 0) return false;
            kept = _ring[(batch.issuedAt / _ringSpacing) % _ringSize];
            if (batch.issuedAt != kept >> 224) return false;
        }
        return _isUnder(kept, batch) && _proves(feedHash, batch.root, proof);
    }

    /// @inheritdoc IBatchStore
    function latestBatch() external view returns (uint256) {
        return _head >> 224;
    }

    /// @inheritdoc IBatchStore
    function batchHash() external view returns (bytes32) {
        return _batchHash;
    }

    /// @inheritdoc IBatchStore
    function members() external view returns (bytes32[] memory) {
        return _members();
    }

    /// @inheritdoc IBatchStore
    function form() external view returns (Form) {
        return _form;
    }

    /// @inheritdoc IBatchStore
    function ring() external view returns (uint16 size, uint32 spacing) {
        return (_ringSize, _ringSpacing);
    }

    /// @inheritdoc IBatchStore
    function description() external view returns (string memory) {
        return _description;
    }

    /// @dev Bytes of the signers' part of the calldata.
    function _signersLength(uint256 report) private pure returns (uint256 length) {
        if (uint8(report >> 8) == GROUP_MARK) return GROUP_PROOF_LENGTH;
        (, length) = _packedLength(report);
    }

    /// @dev Where the items begin; their length must be a multiple of one's, and not 0.
    function _blobAt(uint256 report, uint256 itemLength) private pure returns (uint256 position) {
        position = AFTER_FOUR + _signersLength(report);
        uint256 length = msg.data.length;
        if (length <= position || (length - position) % itemLength != 0)
            revert WrongLength(position + itemLength, length);
        if ((length - position) / itemLength > MAX_MEMBERS)
            revert WrongLength(position + itemLength * MAX_MEMBERS, length);
    }

    /// @dev Order, time and signers; then the head moves.
    function _accept(uint256 report, bytes32 content, uint256 position, Form brought) private {
        if (brought != _form) revert WrongForm(_form);
        uint256 head = _head;
        uint256 latest = head >> 224;
        uint256 issuedAt = uint32(report >> 192);
        uint256 validUntil = issuedAt + uint32(report >> 80);
        if (report & SPARE != 0) revert ReportMalformed(report);
        if (issuedAt <= latest) {
            if (issuedAt == latest && latest != 0) revert DuplicateBatch(issuedAt);
            revert OldBatch(issuedAt, latest);
        }
        if (issuedAt > block.timestamp + MAX_AHEAD) revert FutureDated(issuedAt, block.timestamp);
        if (validUntil < block.timestamp) revert ObservationExpired(validUntil, block.timestamp);
        bytes32 hash = BatchHash.ofFields(_batchHash, report >> 224, issuedAt, validUntil, content);
        if (uint8(report >> 8) == GROUP_MARK) _checkGroup(hash, report, position);
        else _checkPacked(hash, report, position);
        if (latest != 0 && _ringSize != 0) _ring[(latest / _ringSpacing) % _ringSize] = head & ~TAG_MASK;
        _head = (issuedAt << 224) | (uint256(uint112(uint256(hash))) << 112) | (head & TAG_MASK);
    }

    /// @dev In assembly, as the checks of Solidity would cost a fifth of the room between the floor and the target.
    function _storeWords(uint256 position) private returns (uint256 count) {
        uint256 groups = (_memberCount + LANES - 1) / LANES;
        uint256 group;
        bool inOrder = true;
        assembly ("memory-safe") {
            let next := 0
            for {} lt(position, calldatasize()) {} {
                group := byte(0, calldataload(position))
                inOrder := iszero(lt(group, next))
                // What is stored before this is found out is undone by the revert below.
                if or(iszero(inOrder), iszero(lt(group, groups))) {
                    break
                }
                sstore(add(_words.slot, group), calldataload(add(position, 1)))
                next := add(group, 1)
                count := add(count, 1)
                position := add(position, 33)
            }
        }
        if (!inOrder) revert ItemOutOfOrder(group * LANES);
        if (group >= groups) revert UnknownPlace(group * LANES);
    }

    /// @dev Each item by itself: one that is refused says so and stops nobody. Unchanged ones cost a look. In assembly for
    /// the same reason: at a hundred values each step of this loop is paid a hundred times.
    function _storeItems(uint256 position) private returns (uint256 accepted, uint256 refused) {
        bytes32[] memory names = _members();
        uint256 next;
        for (;;) {
            uint256 start = position;
            (position, next) = _storeSound(names, position, next);
            accepted += (position - start) / ITEM_LENGTH;
            if (position >= msg.data.length) return (accepted, refused);
            uint256 word;
            assembly ("memory-safe") {
                word := calldataload(position)
            }
            uint256 place = word >> 248;
            if (place < next) revert ItemOutOfOrder(place);
            if (place >= names.length) revert UnknownPlace(place);
            uint256 item = ((word << 8) >> 80) << 80;
            uint256 old = _items[place];
            if (_storeUnsound(names[place], place, old, item)) ++accepted;
            else if (item >> 224 != old >> 224) ++refused;
            next = place + 1;
            position += ITEM_LENGTH;
        }
    }

    /// @dev Stores items up to the first that is not plainly sound; gives where it stands and the least place it may have.
    function _storeSound(
        bytes32[] memory names,
        uint256 position,
        uint256 next
    ) private returns (uint256, uint256) {
        assembly ("memory-safe") {
            let data := mload(0x40)
            let soonest := add(timestamp(), MAX_AHEAD)
            for {} lt(position, calldatasize()) {
                position := add(position, 23)
            } {
                let word := calldataload(position)
                let place := byte(0, word)
                if or(lt(place, next), iszero(lt(place, mload(names)))) {
                    break
                }
                let slot := add(_items.slot, place)
                let old := sload(slot)
                let round := and(shr(216, word), 0xffffffff)
                let observedAt := and(shr(184, word), 0xffffffff)
                // As in `FeedStore`: not(last - round) is round - last - 1, and huge unless round > last. In the same way
                // now + MAX_AHEAD - observedAt is huge for what is dated ahead, and too large for what has run out.
                if iszero(
                    and(
                        and(
                            lt(not(sub(shr(224, old), round)), MAX_JUMP),
                            gt(observedAt, and(shr(192, old), 0xffffffff))
                        ),
                        lt(sub(soonest, observedAt), add(and(shr(152, word), 0xffffffff), 61))
                    )
                ) {
                    break
                }
                // Round, times and value as they are kept.
                sstore(slot, shl(80, shr(80, shl(8, word))))
                mstore(data, signextend(9, shr(72, word)))
                mstore(add(data, 32), or(shl(128, round), observedAt))
                next := add(place, 1)
                // The name of place n is the word behind the length and n others.
                log2(data, 64, ANSWER_UPDATED, mload(add(names, shl(5, next))))
            }
        }
        return (position, next);
    }

    /// @dev What the short way does not take: unchanged, refused, or a jump that the time between makes plausible.
    function _storeUnsound(bytes32 name, uint256 place, uint256 old, uint256 item) private returns (bool) {
        if (item >> 224 == old >> 224) return false;
        bytes4 reason = _refusal(old, item);
        if (reason != 0) {
            emit ItemRefused(name, item >> 224, reason);
            return false;
        }
        _items[place] = item;
        emit AnswerUpdated(name, int80(uint80(item >> 80)), ((item >> 224) << 128) | uint32(item >> 192));
        return true;
    }

    /// @dev The rules of a feed for one item; 0 when none is broken.
    function _refusal(uint256 old, uint256 item) private view returns (bytes4) {
        unchecked {
            uint256 round = item >> 224;
            uint256 observedAt = uint32(item >> 192);
            uint256 latest = old >> 224;
            uint256 latestTime = uint32(old >> 192);
            if (round < latest) return IFeedStore.OldRound.selector;
            if (observedAt <= latestTime) return IFeedStore.ObservedAtNotIncreasing.selector;
            if (observedAt > block.timestamp + MAX_AHEAD) return IFeedStore.FutureDated.selector;
            if (observedAt + uint32(item >> 160) < block.timestamp) return IFeedStore.ObservationExpired.selector;
            if (latest != 0 && round - latest > MAX_JUMP + MAX_ROUNDS_PER_SECOND * (observedAt - latestTime))
                return IFeedStore.RoundTooFar.selector;
            return 0;
        }
    }

    /// @dev Whether a head is of this batch.
    function _isUnder(uint256 head, Batch calldata batch) private view returns (bool) {
        bytes32 content = BatchHash.ofContent(
            batch.root,
            batch.storedHash,
            batch.packedHash,
            batch.statementDigest
        );
        bytes32 hash = BatchHash.ofFields(_batchHash, batch.round, batch.issuedAt, batch.validUntil, content);
        return head >> 224 != 0 && uint112(head >> 112) == uint112(uint256(hash));
    }

    /// @dev Whether the leaf is the feed's and stands under the root.
    function _proves(bytes32 feedHash, bytes32 root, Proof calldata proof) private view returns (bool) {
        bytes calldata leaf = proof.leaf;
        if ((leaf.length != 192 && leaf.length != 32) || bytes32(leaf[:32]) != feedHash) return false;
        bytes32 computed = MerkleProof.rootOf(leaf, proof.place, _memberCount, proof.path);
        return computed != 0 && computed == root;
    }

    function _members() private view returns (bytes32[] memory names) {
        uint256 count = _memberCount;
        address source = _membersAt;
        names = new bytes32[](count);
        assembly ("memory-safe") {
            extcodecopy(source, add(names, 32), 1, shl(5, count))
        }
    }
}
