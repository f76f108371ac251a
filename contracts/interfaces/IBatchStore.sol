// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {ISignerSet} from "./ISignerSet.sol";

/// @title Many feeds under one signature, on chain: what is accepted, what is refused, how it is read.
/// @notice Each accepted batch takes the place of the one before. The contract's form, for ever the one that it was made
/// with, decides what can be read: `stored` each value with its true round, `packed` four values to a slot, `root` one hash, from
/// which any member's newest observation is read with a proof.
interface IBatchStore is ISignerSet {
    /// @notice What this contract keeps of a batch.
    enum Form {
        STORED,
        PACKED,
        ROOT
    }

    /// @notice This contract keeps batches in another form. A batch is signed for all three, so that anyone could otherwise
    /// bring one in a form that nobody reads, and with it keep out the form that is asked for.
    error WrongForm(Form form);
    /// @notice Bits of the report that say nothing must be 0.
    error ReportMalformed(uint256 report);
    /// @notice This batch is on chain already.
    error DuplicateBatch(uint256 issuedAt);
    /// @notice A newer batch is on chain already.
    error OldBatch(uint256 issuedAt, uint256 latest);
    /// @notice The enclave's time is ahead of the chain's by more than the tolerance.
    error FutureDated(uint256 issuedAt, uint256 blockTime);
    /// @notice A member that is written out has run out.
    error ObservationExpired(uint256 validUntil, uint256 blockTime);
    /// @notice Items must stand in strictly ascending order of places; the one of this place does not.
    error ItemOutOfOrder(uint256 place);
    /// @notice The batch has no member at this place.
    error UnknownPlace(uint256 place);
    /// @notice The batch that the proof is about is not the newest, or none of those that are kept.
    error UnknownBatch(uint256 issuedAt, uint256 latest);
    /// @notice The proof does not lead to the batch's root.
    error WrongProof(uint256 place);
    /// @notice The batch proves that the member had no observation.
    error NoObservation(bytes32 feedHash);

    /// @notice A batch was accepted in the form `root`.
    /// @param header From the top: round (32 bits) | issuedAt (32) | 0 (80) | validUntil - issuedAt (32) | signers' rules (80).
    event RootStored(uint256 header);
    /// @notice A batch was accepted in the form `stored`; the refused items say why in `ItemRefused`, and what is unchanged
    /// counts as neither.
    event ItemsStored(uint256 indexed round, uint256 issuedAt, uint256 accepted, uint256 refused);
    /// @notice A batch was accepted in the form `packed`.
    event WordsStored(uint256 indexed round, uint256 issuedAt, uint256 words);
    /// @notice A member's value changed. `roundAndTime` is the round (upper 128 bits) and `updatedAt` in seconds (lower
    /// 128): in one word, because each word of an event costs 256 gas for every value.
    event AnswerUpdated(bytes32 indexed feedHash, int256 current, uint256 roundAndTime);
    /// @notice A member's value was refused; the others went on. `reason` is the selector of the feed's own error.
    event ItemRefused(bytes32 indexed feedHash, uint256 roundId, bytes4 reason);

    /// @notice A batch as a reader names it: what was signed, opened.
    struct Batch {
        uint256 round;
        uint256 issuedAt;
        uint256 validUntil;
        bytes32 root;
        bytes32 storedHash;
        bytes32 packedHash;
        bytes32 statementDigest;
    }

    /// @notice A member's leaf with its way to the root.
    /// @param place Of the member.
    /// @param leaf 192 bytes of its observation, or the 32 of its feed hash: it has none.
    /// @param path Siblings from leaf to root.
    struct Proof {
        uint256 place;
        bytes leaf;
        bytes32[] path;
    }

    /// @notice Keep a batch as one hash. The name is chosen for its selector, 0x000000c0, whose zero bytes save 36 gas.
    /// @dev Behind the arguments: for each signer of the list, in its order, a signature (65 bytes) or an address (20), or a
    /// group's proof, as `IFeedStore` has them; and nothing else.
    /// @param report From the top: round (32 bits) | issuedAt (32) | 0 (80) | validUntil - issuedAt (32) | bitmap of the absent
    /// (32) | the set's notAfter (32) | members that may be absent (8) | members - 1 (8).
    /// @param content keccak-256 of root, storedHash, packedHash, statementDigest.
    function storeRoot_lGQkD(uint256 report, bytes32 content) external;

    /// @notice Write the listed values out, each in a slot of its own with an event.
    /// @dev Behind the arguments: the signers' part as in `storeRoot`, then items of 23 bytes in ascending order of places:
    /// place (1) | round (4) | observedAt (4) | validUntil - observedAt (4) | value (10).
    function storeItems(
        uint256 report,
        bytes32 root,
        bytes32 packedHash,
        bytes32 statementDigest
    ) external;

    /// @notice Write the listed values out, four to a slot, without events of their own.
    /// @dev Behind the arguments: the signers' part as in `storeRoot`, then words of 33 bytes in ascending order of groups:
    /// group (1) | the slot (32).
    function storeWords(uint256 report, bytes32 root, bytes32 storedHash, bytes32 statementDigest) external;

    /// @notice Stored form: a member's newest value; zeros while there is none. Never filters by age.
    function itemAt(
        uint256 place
    ) external view returns (uint80 round, int256 value, uint256 observedAt, uint256 validUntil);

    /// @notice Packed form: a member's value, and a time that none of its slot is older than; `found` is false while there
    /// is none, or where it did not fit.
    function packedAt(uint256 place) external view returns (bool found, int256 value, uint256 observedAt);

    /// @notice Root form: a member's observation in the newest batch. Reverts when the batch is not the newest, so that no
    /// older value can be passed; when the observation is past its `validUntil`; and with `NoObservation` when the batch
    /// proves that there is none.
    function read(
        bytes32 feedHash,
        Batch calldata batch,
        Proof calldata proof
    ) external view returns (int256 value, uint256 round, uint256 observedAt, uint256 validUntil);

    /// @notice Root form: whether this leaf is a member's in the newest batch or in one that is kept. Judges no age.
    function verify(
        bytes32 feedHash,
        Batch calldata batch,
        Proof calldata proof
    ) external view returns (bool);

    /// @notice Time of the newest batch, s; 0 while there is none.
    function latestBatch() external view returns (uint256 issuedAt);

    /// @notice Name of the batch in every signed message.
    function batchHash() external view returns (bytes32);

    /// @notice Feed hashes of the members in their order.
    function members() external view returns (bytes32[] memory);

    /// @notice The form in which batches are taken.
    function form() external view returns (Form);

    /// @notice Older heads that proofs may be about, and the seconds that share one place among them.
    function ring() external view returns (uint16 size, uint32 spacing);

    /// @notice For people.
    function description() external view returns (string memory);
}
